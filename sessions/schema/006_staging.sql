-- A checkpoint whose num_bytes is -1 is still being written, part by part: it does not count yet.
DROP VIEW run_summaries;
CREATE VIEW run_summaries (run_id, name, state, message, started_at, updated_at, router, dataset, step, wall_secs,
                           loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
                           gflops_per_image, num_checkpoints, starred, archived, trashed_at, tags, num_notes,
                           checkpoint_bytes) AS
  SELECT run_id, name, state, message, started_at, updated_at,
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'router.kind'),
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'data.dataset'),
         step, wall_secs, loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
         gflops_per_image, (SELECT count(*) FROM checkpoints WHERE run_id = r.run_id AND num_bytes >= 0), starred,
         archived, trashed_at,
         (SELECT coalesce(group_concat(tag, ','), '') FROM (SELECT tag FROM tags WHERE run_id = r.run_id ORDER BY tag)),
         (SELECT count(*) FROM notes WHERE run_id = r.run_id),
         (SELECT coalesce(sum(num_bytes), 0) FROM checkpoints WHERE run_id = r.run_id AND num_bytes >= 0)
  FROM runs r;
