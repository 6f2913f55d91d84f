-- What a store keeps. A NULL in a column that may be NaN *is* NaN (SQLite cannot hold one); infinities are themselves.
-- Steps count updates done. wall_secs count from the beginning of the run, pauses included. Times are UTC, ISO 8601.
-- Names that end in _data are private: people read the views of 002_views.sql, which keep their columns for good.

CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, so that links stay true after a deletion
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  state TEXT NOT NULL,              -- preparing running paused diverged failed finished interrupted
  message TEXT NOT NULL DEFAULT '', -- why it failed, diverged or stopped
  num_parameters INTEGER NOT NULL,
  gflops_per_image REAL,
  step INTEGER NOT NULL DEFAULT 0,  -- the last one stored
  wall_secs REAL NOT NULL DEFAULT 0,
  loss_step INTEGER,                -- of the last training loss; NULL: none yet
  loss REAL,                        -- NaN when loss_step is not NULL
  accuracy_step INTEGER,
  accuracy REAL,                    -- of the last training batch
  test_step INTEGER,                -- of the last plain evaluation of the test set; NULL: none yet
  test_accuracy REAL,
  test_loss REAL,
  starred INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_test_accuracy ON runs (test_accuracy);

CREATE TABLE param_keys_data (key_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE params_data (          -- the configuration as the run began, every field, defaults included
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES param_keys_data,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key_id)
) WITHOUT ROWID;

CREATE TABLE environment (          -- CPU, threads, dataset hash, commit, ...
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  since_step INTEGER NOT NULL,      -- 0, or the step at which the run was resumed where this had changed
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key, since_step)
) WITHOUT ROWID;

CREATE TABLE metric_keys_data (key_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
-- Clustered by series: reading one curve is one sweep over neighbouring pages. A step measured twice (training went back
-- to an earlier checkpoint) is kept twice, told apart by wall_secs.
CREATE TABLE metrics_data (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES metric_keys_data,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  value REAL,                       -- NULL: NaN
  PRIMARY KEY (run_id, key_id, step, wall_secs)
) WITHOUT ROWID;

CREATE TABLE commands (             -- each change of a knob: part of the experiment
  command_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  key TEXT NOT NULL,                -- a field, or "run" for pause and the like
  old_value TEXT NOT NULL,
  new_value TEXT NOT NULL
);
CREATE INDEX commands_by_run ON commands (run_id, step);

CREATE TABLE evaluations (
  evaluation_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  split TEXT NOT NULL,              -- "test", "train"
  num_images INTEGER NOT NULL,
  accuracy REAL,                    -- NULL: NaN
  loss REAL,                        -- NULL: NaN
  setting TEXT NOT NULL             -- what differed from the run's own configuration; '' nothing
);
CREATE INDEX evaluations_by_run ON evaluations (run_id, step);

CREATE TABLE events (               -- the run's states, and what the store itself has to say about it
  event_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run_id, event_id);

CREATE TABLE notes (
  note_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER,                     -- NULL: about the whole run
  written_at TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX notes_by_run ON notes (run_id, note_id);

-- Arrays are blobs of little-endian numbers, row-major, without a header: numpy.frombuffer(gates, '<f4').reshape(S, E).
-- S num_tokens, E num_experts, K k, Q = E * slots_per_expert. An array that the router does not have is empty.
CREATE TABLE routing_maps (
  map_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  layer INTEGER NOT NULL,           -- block, from 0
  image TEXT NOT NULL,              -- "test 17", "shoe.png"
  token_set TEXT NOT NULL,
  router TEXT NOT NULL,             -- soft tokens_choice experts_choice
  grid_height INTEGER NOT NULL,     -- patches
  grid_width INTEGER NOT NULL,
  has_class_token INTEGER NOT NULL, -- 1: token 0 is the class token, patch i is token i + 1
  num_tokens INTEGER NOT NULL,
  num_experts INTEGER NOT NULL,
  temperature REAL,
  k INTEGER NOT NULL,
  capacity INTEGER NOT NULL,
  actual_capacity_factor REAL,
  slots_per_expert INTEGER NOT NULL,
  scale REAL,
  gates BLOB NOT NULL,              -- (S,E) float32: softmax over experts
  expert BLOB NOT NULL,             -- (S,K) int32: wanted expert of each choice, best first; -1 none
  weight BLOB NOT NULL,             -- (S,K) float32: its gate
  place BLOB NOT NULL,              -- (S,K) int32: place in the expert's buffer, counted even when dropped
  drop_reason BLOB NOT NULL,        -- (S,K) uint8: 0 executed, 1 expert full, 2 expert switched off
  dispatch BLOB NOT NULL,           -- (S,Q) float32: each column sums to 1
  combine BLOB NOT NULL,            -- (S,Q) float32: each row sums to 1
  expert_off BLOB NOT NULL          -- (E) uint8: 1 switched off by hand
);
CREATE INDEX routing_maps_by_run ON routing_maps (run_id, step, layer);

-- A checkpoint's bytes are its parts in the order of `part`, joined.
CREATE TABLE checkpoints (
  checkpoint_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  rolling INTEGER NOT NULL,         -- 1: the next rolling one takes its place
  reason TEXT NOT NULL,
  saved_at TEXT NOT NULL,
  num_bytes INTEGER NOT NULL
);
CREATE INDEX checkpoints_by_run ON checkpoints (run_id, step);
CREATE TABLE checkpoint_parts (
  checkpoint_id INTEGER NOT NULL REFERENCES checkpoints ON DELETE CASCADE,
  part INTEGER NOT NULL,            -- from 0
  crc32 INTEGER NOT NULL,           -- zlib's
  bytes BLOB NOT NULL,              -- at most 64 MiB
  PRIMARY KEY (checkpoint_id, part)
);
