-- Long series, coarsely: what a plot of any length needs, so that ten million points are drawn from a few thousand rows.
-- Kept beside the points, never instead of them. Level 1, 2, 3 have buckets of 64, 4096, 262144 steps.
CREATE TABLE metric_pyramids_data (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES metric_keys_data,
  level INTEGER NOT NULL,
  bucket INTEGER NOT NULL,          -- step / buckets's width
  count INTEGER NOT NULL,           -- points, NaN and infinities included
  num_nan INTEGER NOT NULL,
  num_inf INTEGER NOT NULL,
  min REAL,                         -- of the finite values; NULL: there are none
  max REAL,
  sum REAL NOT NULL,                -- of the finite values
  PRIMARY KEY (run_id, key_id, level, bucket)
) WITHOUT ROWID;

WITH RECURSIVE levels (level, width) AS (VALUES (1, 64) UNION ALL SELECT level + 1, width * 64 FROM levels WHERE level < 3)
INSERT INTO metric_pyramids_data
SELECT run_id, key_id, level, step / width, count(*), sum(value IS NULL), total(abs(value) = 9e999),
       min(value) FILTER (WHERE abs(value) < 9e999), max(value) FILTER (WHERE abs(value) < 9e999),
       total(value) FILTER (WHERE abs(value) < 9e999)
FROM metrics_data JOIN levels
GROUP BY run_id, key_id, level, step / width;

-- One bucket of a series a row. mean, min and max are over its finite values, NULL when it has none.
CREATE VIEW metric_pyramids (run_id, key, level, first_step, num_steps, count, num_nan, num_inf, min, max, mean) AS
  SELECT run_id, key, level, bucket << (6 * level), 1 << (6 * level), count, num_nan, num_inf, min, max,
         CASE WHEN count > num_nan + num_inf THEN sum / (count - num_nan - num_inf) END
  FROM metric_pyramids_data JOIN metric_keys_data USING (key_id);
