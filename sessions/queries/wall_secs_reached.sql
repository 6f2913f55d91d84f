-- The clock of the last row that a run has. ?1 run.
SELECT coalesce(max(wall_secs), 0)
FROM (SELECT wall_secs FROM checkpoints WHERE run_id = ?1
      UNION ALL SELECT wall_secs FROM evaluations WHERE run_id = ?1
      UNION ALL SELECT wall_secs FROM commands WHERE run_id = ?1
      UNION ALL SELECT wall_secs FROM events WHERE run_id = ?1
      UNION ALL SELECT * FROM (SELECT wall_secs FROM metrics WHERE run_id = ?1 AND key = 'train/loss'
                               ORDER BY step DESC, wall_secs DESC LIMIT 1))
