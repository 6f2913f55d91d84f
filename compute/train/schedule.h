// The learning rate of a step: warm-up, then constant, cosine, linear or reciprocal square root. NUMERICS 4.7
// (google-research/vmoe:vmoe/train/schedule.py).
#pragma once

#include <cstdint>

#include "compute/records/run_config.h"

namespace moescope {

/// Length of the schedule in steps: train.schedule_steps, or all of train.epochs.
/// Throws ConfigError when a schedule that needs a length has none (both are 0).
int64_t schedule_length(const TrainConfig& config, int64_t steps_per_epoch);

/// The rate of update `step`, counted from 0, so the first update of a warmed-up run has rate 0:
///   warm-up   peak * step / warmup                                            while step < warmup
///   constant  peak
///   linear    peak + (end - peak) * f,  f = min(step - warmup, total - warmup) / (total - warmup)
///   cosine    end + (peak - end) * (1 + cos(pi f)) / 2
///   rsqrt     peak / sqrt(1 + (step - warmup) / timescale) until total - cooldown, then from the value reached there
///             linearly to 0, and 0 past the total.
/// A schedule that is not longer than its warm-up is at its end right after it.
double learning_rate(const TrainConfig& config, int64_t total_steps, int64_t step);

}  // namespace moescope
