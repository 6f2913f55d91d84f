-- Buckets that disagree with their points, either way. Sums are left out: they depend on the order of addition.
WITH RECURSIVE levels (level, width) AS (VALUES (1, 64) UNION ALL SELECT level + 1, width * 64 FROM levels WHERE level < 3),
told AS (
  SELECT run_id, key_id, level, bucket, count, num_nan, num_inf, min, max FROM metric_pyramids_data
),
true_ones AS (
  SELECT run_id, key_id, level, step / width, count(*), sum(value IS NULL), total(abs(value) = 9e999),
         min(value) FILTER (WHERE abs(value) < 9e999), max(value) FILTER (WHERE abs(value) < 9e999)
  FROM metrics_data JOIN levels
  GROUP BY run_id, key_id, level, step / width
)
SELECT DISTINCT run_id, key_id FROM (SELECT * FROM (SELECT * FROM told EXCEPT SELECT * FROM true_ones)
                                     UNION ALL SELECT * FROM (SELECT * FROM true_ones EXCEPT SELECT * FROM told))
ORDER BY run_id, key_id
