INSERT INTO events (run_id, step, wall_secs, state, message, at)
SELECT run_id, step, wall_secs, 'interrupted', 'its process ended without a word while it was ' || state, ?1
FROM runs
WHERE state IN ('preparing', 'running', 'paused')
