// What a store gives back: a line of the run table, a whole run, a series, a checkpoint's label.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/event.h"

namespace moescope {

/// One line of the run table.
struct RunSummary {
  int64_t run_id = 0;
  std::string name, router, dataset;
  std::string started_at, updated_at;  // UTC, ISO 8601
  RunState state = RunState::preparing;
  bool interrupted = false;  // its process ended without a word; it can be resumed when it has a checkpoint
  std::string message;
  int64_t num_parameters = 0;
  double gflops_per_image = 0;
  int64_t step = 0;  // the last one stored
  double wall_secs = 0;
  std::optional<double> loss, accuracy;  // of the last training batch; nothing: none yet. NaN is a value like others
  int64_t test_step = -1;
  std::optional<double> test_accuracy, test_loss;
  int64_t num_checkpoints = 0;
  bool starred = false, archived = false, trashed = false;
  std::string tags;  // in the order of the alphabet, joined by commas
  int64_t num_notes = 0, checkpoint_bytes = 0;
};

/// The points of one key in the order of their steps. The three have one length.
struct MetricSeries {
  std::string key;
  std::vector<int64_t> steps;
  std::vector<double> wall_secs, values;
};

/// A series drawn coarsely: each point stands for `steps_per_point` steps (1: for itself), nothing is left out of it;
/// the first and the last one for the part of them that was asked for.
struct EnvelopePoint {
  int64_t first_step = 0, last_step = 0;
  int64_t count = 0, num_nan = 0, num_inf = 0;  // count includes the other two
  double min = 0, max = 0, mean = 0;            // of the finite values; NaN when there are none
};
struct MetricEnvelope {
  std::string key;
  int64_t steps_per_point = 1;
  std::vector<EnvelopePoint> points;  // by first_step; steps without a value have none
};

struct CheckpointInfo {
  int64_t checkpoint_id = 0, run_id = 0, step = 0;
  double wall_secs = 0;
  bool rolling = true;
  std::string reason, saved_at;
  int64_t num_bytes = 0;
};

struct Note {
  int64_t note_id = 0;
  int64_t step = -1;  // -1: about the whole run
  std::string written_at, text;
};

/// One RoutingMap without its arrays.
struct RoutingInfo {
  int64_t map_id = 0, step = 0, layer = 0;
  std::string image;
};

struct StoredRun {
  RunSummary summary;
  RunConfig config;                        // as the run began
  std::vector<std::string> config_doubts;  // fields that this version does not know or accept, one sentence each
  Environment environment;                 // the latest value of each fact
  std::vector<CommandApplied> commands;    // in the order in which they were applied
  std::vector<Evaluated> evaluations;
  std::vector<StateChanged> states;
  std::vector<CheckpointInfo> checkpoints;
  std::vector<Note> notes;
};

}  // namespace moescope
