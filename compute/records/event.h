// What a run wants kept: passed from the trainer to the recorder through a queue, none lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compute/records/metric.h"
#include "compute/records/routing_map.h"
#include "compute/records/snapshot.h"

namespace moescope {

/// Facts about where a run happens, stored once: ("cpu", "AMD EPYC ..."), ("threads", "2"), ("dataset_hash", "..."), ...
using Environment = std::vector<std::pair<std::string, std::string>>;

struct RunStarted {
  RunConfig config; Environment environment; int64_t num_parameters = 0; double gflops_per_image = 0;
  std::vector<std::pair<std::string, std::string>> further_params = {};  // settings of a kind of run with a table of its own: rl_config_fields.h
};
struct MetricsTaken { std::vector<Metric> metrics; };
struct CommandApplied { int64_t step = 0; double wall_secs = 0; std::string key, old_value, new_value; };  // key "run" for pause and the like
struct Evaluated { int64_t step = 0; double wall_secs = 0; std::string split; int64_t num_images = 0; double accuracy = 0, loss = 0; std::string setting; };
struct RoutingTaken { std::string image; RoutingMap map; };
struct CheckpointTaken {
  int64_t step = 0;
  double wall_secs = 0;
  bool rolling = true;                                     // later rolling ones may replace it
  std::string reason;                                      // "rolling", "epoch 2", "asked", "end"
  std::shared_ptr<const std::vector<std::byte>> bytes;     // compute/train/checkpoint.h's format
  int64_t ring_bytes = 0;                                  // earlier rolling ones are kept, spread over the run, while all fit in this
};
struct StateChanged { int64_t step = 0; double wall_secs = 0; RunState state = RunState::running; std::string message; };

using Event = std::variant<RunStarted, MetricsTaken, CommandApplied, Evaluated, RoutingTaken, CheckpointTaken, StateChanged>;

}  // namespace moescope
