-- The first and last step of a series within ?3 .. ?4. ?1 run, ?2 key. Two looks at an index, not a sweep.
SELECT (SELECT min(step) FROM metrics_data WHERE run_id = ?1 AND key_id = k.key_id AND step BETWEEN ?3 AND ?4),
       (SELECT max(step) FROM metrics_data WHERE run_id = ?1 AND key_id = k.key_id AND step BETWEEN ?3 AND ?4)
FROM metric_keys_data k
WHERE k.key = ?2
