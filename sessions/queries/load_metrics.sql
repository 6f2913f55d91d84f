-- ?1 run, ?2 key, ?3 first step, ?4 last step.
SELECT step, wall_secs, value
FROM metrics_data
WHERE run_id = ?1 AND key_id = (SELECT key_id FROM metric_keys_data WHERE key = ?2) AND step BETWEEN ?3 AND ?4
ORDER BY step, wall_secs
