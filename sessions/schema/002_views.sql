-- What people may rely on with sqlite3 or pandas: these views, and the tables runs, environment, commands, evaluations,
-- events, notes, routing_maps, checkpoints and checkpoint_parts. Columns are added at the end and keep their meaning.

-- One setting a row: the configuration as the run began.
CREATE VIEW params (run_id, key, value) AS
  SELECT p.run_id, k.key, p.value FROM params_data p JOIN param_keys_data k USING (key_id);

-- One number a row. A NULL value is NaN; infinities are themselves.
CREATE VIEW metrics (run_id, key, step, wall_secs, value) AS
  SELECT m.run_id, k.key, m.step, m.wall_secs, m.value FROM metrics_data m JOIN metric_keys_data k USING (key_id);

-- The run table that the workbench shows.
CREATE VIEW run_summaries (run_id, name, state, message, started_at, updated_at, router, dataset, step, wall_secs,
                           loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
                           gflops_per_image, num_checkpoints, starred, archived) AS
  SELECT run_id, name, state, message, started_at, updated_at,
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'router.kind'),
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'data.dataset'),
         step, wall_secs, loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
         gflops_per_image, (SELECT count(*) FROM checkpoints WHERE run_id = r.run_id), starred, archived
  FROM runs r;
