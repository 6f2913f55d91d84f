-- The keys of a run, by jumping from one series to the next instead of reading them. ?1 run.
WITH RECURSIVE series (key_id) AS (
  SELECT min(key_id) FROM metrics_data WHERE run_id = ?1
  UNION ALL
  SELECT (SELECT min(key_id) FROM metrics_data WHERE run_id = ?1 AND key_id > series.key_id)
  FROM series WHERE series.key_id IS NOT NULL
)
SELECT key FROM series JOIN metric_keys_data USING (key_id) ORDER BY key
