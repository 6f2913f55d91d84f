-- What a person does with runs: tags, a trash that forgives, and a list of such edits so that each can be undone.
ALTER TABLE runs ADD COLUMN trashed_at TEXT;  -- UTC; NULL: not in the trash

CREATE TABLE tags (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags (tag, run_id);

CREATE TABLE edits_data (
  edit_id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,           -- edits made, and undone, together
  made_at TEXT NOT NULL,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  what TEXT NOT NULL,               -- a column of runs, or "tag"
  old_value,                        -- of that column; of a tag: its name when it was there
  new_value
);
CREATE INDEX edits_by_run ON edits_data (run_id);

-- As in 002_views.sql, with four columns more: tags are joined by commas, in the order of the alphabet.
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
         gflops_per_image, (SELECT count(*) FROM checkpoints WHERE run_id = r.run_id), starred, archived, trashed_at,
         (SELECT coalesce(group_concat(tag, ','), '') FROM (SELECT tag FROM tags WHERE run_id = r.run_id ORDER BY tag)),
         (SELECT count(*) FROM notes WHERE run_id = r.run_id),
         (SELECT coalesce(sum(num_bytes), 0) FROM checkpoints WHERE run_id = r.run_id)
  FROM runs r;
