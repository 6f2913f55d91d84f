// The latest look at a run, posted by the trainer through a mailbox and never changed afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/expert_load.h"
#include "compute/records/routing_map.h"
#include "compute/records/run_config.h"

namespace moescope {

class DeviceMaps;

enum class RunState { preparing, running, paused, diverged, failed, finished };

/// One watched image as the present weights see it.
struct ImageView {
  WatchedImage image;
  ImagePixels pixels;                  // as the model saw them, before scaling
  int64_t label = -1;                  // true class, -1 unknown
  std::vector<float> probabilities;    // (classes)
  std::vector<RoutingMap> routing;     // one per MoE layer looked at, in layer order
  int64_t step = 0;                    // updates done when this was computed
  std::shared_ptr<const DeviceMaps> on_device;  // the weights of `routing` where a GPU has them; null: a CPU looked
};

struct Snapshot {
  RunState state = RunState::preparing;
  std::string message;                 // why it failed, diverged or stopped; empty otherwise
  int64_t run_id = 0;                  // row in the store, 0 when nothing is stored
  RunConfig config;                    // with every live change applied so far

  int64_t step = 0;                    // updates done
  int64_t total_steps = 0;             // at which the stop rule ends the run; 0 unknown
  double epoch = 0;
  double wall_secs = 0, eta_secs = -1; // -1 unknown
  std::string stop_rule;

  double loss = 0, aux_loss = 0, accuracy = 0;      // of the last training batch
  double test_accuracy = -1, test_loss = -1;        // of the last evaluation, -1 none yet
  int64_t test_step = -1;
  double learning_rate = 0, gradient_norm = 0;

  double images_per_sec = 0, gflops = 0, peak_share = 0;  // peak_share of the measured peak of this machine, 0 unknown
  int64_t rss_bytes = 0, arena_bytes = 0;
  std::string device;                  // "CPU oneDNN AVX-512, 2 threads"
  std::string job;                     // what else is going on: "evaluating 62 %", empty when nothing
  double observe_ms = 0;               // what looking cost, per snapshot

  std::vector<std::string> class_names;
  std::vector<ExpertLoad> layers;      // MoE layers in order, over the last training batch
  std::vector<ImageView> images;       // in the order asked by Watch
};

}  // namespace moescope
