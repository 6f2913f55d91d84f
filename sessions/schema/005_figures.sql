-- Figures that were made of stored runs: what each shows, so that it can be made again, and proof that it is the same.
CREATE TABLE figures (
  figure_id INTEGER PRIMARY KEY AUTOINCREMENT,
  made_at TEXT NOT NULL,
  title TEXT NOT NULL,
  spec TEXT NOT NULL,               -- JSON: kind, runs and their steps, options
  scene_hash TEXT NOT NULL,         -- of everything that it shows, numbers to the last bit
  program TEXT NOT NULL             -- the moescope that made it
);
