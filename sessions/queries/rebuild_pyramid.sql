-- One level of a run's pyramids again from its points. ?1 run, ?2 level, ?3 steps in a bucket, ?4 first bucket, ?5 last
-- bucket, ?6 the key's number or 0 for all.
INSERT OR REPLACE INTO metric_pyramids_data
SELECT run_id, key_id, ?2, step / ?3, count(*), sum(value IS NULL), total(abs(value) = 9e999),
       min(value) FILTER (WHERE abs(value) < 9e999), max(value) FILTER (WHERE abs(value) < 9e999),
       total(value) FILTER (WHERE abs(value) < 9e999)
FROM metrics_data
WHERE run_id = ?1 AND (key_id = ?6 OR ?6 = 0) AND step BETWEEN ?4 * ?3 AND ?5 * ?3 + ?3 - 1
GROUP BY key_id, step / ?3
