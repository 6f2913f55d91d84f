-- ?1 run, ?2 key, ?3 level, ?4 first bucket, ?5 last bucket.
SELECT bucket, count, num_nan, num_inf, min, max, sum
FROM metric_pyramids_data
WHERE run_id = ?1 AND key_id = (SELECT key_id FROM metric_keys_data WHERE key = ?2) AND level = ?3 AND bucket BETWEEN ?4 AND ?5
ORDER BY bucket
