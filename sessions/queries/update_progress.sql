-- Where the run is, after events of one step. ?1 run, ?2 step, ?3 wall_secs.
UPDATE runs
SET step = max(step, ?2), wall_secs = max(wall_secs, ?3)
WHERE run_id = ?1
