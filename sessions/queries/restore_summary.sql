-- The latest numbers of a run again from its rows, after the rows beyond step ?2 were removed. ?1 run.
UPDATE runs
SET step = ?2,
    wall_secs = ?3,
    (loss_step, loss) =
      (SELECT step, value FROM metrics WHERE run_id = ?1 AND key = 'train/loss' ORDER BY step DESC, wall_secs DESC LIMIT 1),
    (accuracy_step, accuracy) =
      (SELECT step, value FROM metrics WHERE run_id = ?1 AND key = 'train/accuracy'
       ORDER BY step DESC, wall_secs DESC LIMIT 1),
    (test_step, test_accuracy, test_loss) =
      (SELECT step, accuracy, loss FROM evaluations WHERE run_id = ?1 AND split = 'test' AND setting = ''
       ORDER BY step DESC, evaluation_id DESC LIMIT 1)
WHERE run_id = ?1
