// The formulas of NUMERICS 4.7 in double precision.
#include "compute/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "compute/records/error.h"

namespace moescope {

namespace {

/// How far along [begin, end] a step is, 0..1; 1 when there is no way to go.
double fraction(int64_t step, int64_t begin, int64_t end) {
  if (end <= begin) return 1;
  return static_cast<double>(std::min(step, end) - begin) / static_cast<double>(end - begin);
}

double rsqrt(const TrainConfig& c, int64_t total_steps, int64_t step) {
  const auto decayed = [&](int64_t at) {
    return c.learning_rate / std::sqrt(1 + static_cast<double>(at - c.warmup_steps) / static_cast<double>(c.timescale));
  };
  const int64_t cooldown_begin = std::max(total_steps - c.cooldown_steps, c.warmup_steps);
  if (c.cooldown_steps == 0 || step < cooldown_begin) return decayed(step);
  return decayed(cooldown_begin) * (1 - fraction(step, cooldown_begin, total_steps));
}

}  // namespace

int64_t schedule_length(const TrainConfig& config, int64_t steps_per_epoch) {
  if (config.schedule_steps > 0) return config.schedule_steps;
  const auto steps = static_cast<int64_t>(std::llround(config.epochs * static_cast<double>(steps_per_epoch)));
  const bool needs_length = config.schedule == ScheduleKind::cosine || config.schedule == ScheduleKind::linear ||
                            config.schedule == ScheduleKind::whole_cosine ||
                            (config.schedule == ScheduleKind::rsqrt && config.cooldown_steps > 0);
  if (steps == 0 && needs_length) {
    throw ConfigError(
        "train.schedule has no length because train.epochs and train.schedule_steps are 0; set one of them, or "
        "train.schedule=constant");
  }
  return steps;
}

double learning_rate(const TrainConfig& config, int64_t total_steps, int64_t step) {
  const double peak = config.learning_rate, end = config.end_learning_rate;
  const auto cosine = [&](double f) { return end + (peak - end) * 0.5 * (1 + std::cos(std::numbers::pi * f)); };
  const double warm =
      step < config.warmup_steps ? static_cast<double>(step) / static_cast<double>(config.warmup_steps) : 1;
  if (config.schedule == ScheduleKind::whole_cosine) return warm * cosine(fraction(step, 0, total_steps));
  if (step < config.warmup_steps) return peak * static_cast<double>(step) / static_cast<double>(config.warmup_steps);
  const double f = fraction(step, config.warmup_steps, total_steps);
  switch (config.schedule) {
    case ScheduleKind::constant: return peak;
    case ScheduleKind::linear: return peak + (end - peak) * f;
    case ScheduleKind::cosine: return cosine(f);
    case ScheduleKind::whole_cosine: break;  // above
    case ScheduleKind::rsqrt: return rsqrt(config, total_steps, step);
  }
  return peak;
}

}  // namespace moescope
