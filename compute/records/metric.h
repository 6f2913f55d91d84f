// One number of a run at one step.
#pragma once

#include <cstdint>
#include <string>

namespace moescope {

/// Keys are words joined by slashes: "train/loss", "train/aux_loss", "train/accuracy", "train/learning_rate",
/// "train/gradient_norm", "speed/images_per_sec", "speed/gflops", "eval/test/accuracy", "eval/test/loss",
/// "layer3/dropped", "layer3/entropy", "layer3/load_cv", "layer3/load/e7". NaN and infinities are values like others.
struct Metric {
  std::string key;
  int64_t step = 0;
  double wall_secs = 0;   // since the run began, pauses included
  double value = 0;
};

}  // namespace moescope
