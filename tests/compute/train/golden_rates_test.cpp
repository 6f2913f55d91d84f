// The learning rates of vmoe's schedules over a whole run, from golden/optim_vision, to a relative 1e-6: conform
// compares against max(1, ...), which forgives a rate of 1e-3 too much.
#include <gtest/gtest.h>

#include "compute/core/safetensors.h"
#include "compute/train/schedule.h"

namespace moescope {
namespace {

TEST(GoldenRates, LinearCosineAndRsqrtFollowVmoe) {
  const Safetensors file = Safetensors::read(std::string(MOESCOPE_TEST_DATA) + "/golden/optim_vision.safetensors");
  const Tensor& rates = file.at("out.rates", {3, 21});
  TrainConfig linear, cosine, rsqrt;
  linear.schedule = ScheduleKind::linear, cosine.schedule = ScheduleKind::cosine, rsqrt.schedule = ScheduleKind::rsqrt;
  linear.learning_rate = 8e-4, linear.end_learning_rate = 1e-5, linear.warmup_steps = 4;
  cosine.learning_rate = 3e-3, cosine.end_learning_rate = 1e-5, cosine.warmup_steps = 3;
  rsqrt.learning_rate = 1e-3, rsqrt.warmup_steps = 4, rsqrt.timescale = 6, rsqrt.cooldown_steps = 5;
  int64_t row = 0;
  for (const TrainConfig& config : {linear, cosine, rsqrt}) {
    for (int64_t step = 0; step <= 20; ++step) {
      const double want = rates.f32()[row * 21 + step];
      // the file is float64 rounded to float32; jax computed in float32: a few units of 6e-8
      EXPECT_NEAR(learning_rate(config, 20, step), want, 1e-6 * config.learning_rate)
          << "row " << row << " step " << step;
    }
    ++row;
  }
}

}  // namespace
}  // namespace moescope
