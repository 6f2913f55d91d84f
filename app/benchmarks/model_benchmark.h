// How fast a model trains and answers on this machine, on random images: the figures of the PyTorch peer.
#pragma once

#include <cstdint>

#include "compute/models/vision_transformer.h"
#include "compute/records/run_config.h"

namespace moescope {

struct BenchmarkResult {
  double train_images_per_sec = 0;  // whole steps: batches prepared, forward, backward, update
  double infer_images_per_sec = 0;
  int64_t peak_rss_mib = 0;  // of the process so far
  int64_t num_parameters = 0;
};

/// Trains, then infers, each for `secs` after three steps to warm up, and takes the median time of a step.
/// config.train.batch_size images a step; inference takes them all in one pass. Throws ConfigError.
BenchmarkResult benchmark(const RunConfig& config, const ImageShape& image, double secs);

}  // namespace moescope
