// Noisy layers: by hand, what draws share, gradients of the deviations, and the means afterwards.
#include "compute/rl/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope::rl {
namespace {

struct TwoStreams {
  TwoStreams() {
    for (const char* name : {"a", "b"}) {
      parameters.add(std::string(name) + ".w", {2, 3}, ParameterRole::kernel, Init::constant(0));
      parameters.add(std::string(name) + ".b", {3}, ParameterRole::bias, Init::constant(0));
      noise.add(parameters, std::string(name) + ".w", std::string(name) + ".b");
    }
    parameters.allocate(host_memory(), 1);
  }
  ParameterSet parameters;
  NoisyParameters noise;
};

TEST(Noise, ByHandAndGoneWithoutATrace) {
  TwoStreams t;
  const Tensor w = t.parameters.find("a.w")->value;
  const Buffer before = copy_of(t.parameters.values());
  for (int64_t i = 0; i < 6; ++i) EXPECT_LE(std::abs(w.f32()[i]), 1 / std::sqrt(2.0f));  // 1 over the root of 2 inputs
  t.noise.set_draw(0, std::vector<float>{4, -9}, std::vector<float>{1, 0, -1});          // f: 2, -3 and 1, 0, -1
  t.noise.apply();
  const float sigma = 0.1f / std::sqrt(2.0f);
  const float factor[6] = {2, 0, -2, -3, 0, 3};
  for (int64_t i = 0; i < 6; ++i) EXPECT_NEAR(w.f32()[i], before.f32()[i] + sigma * factor[i], 1e-6);
  t.noise.remove();
  EXPECT_EQ(std::memcmp(before.f32(), t.parameters.values().f32(), static_cast<size_t>(before.tensor().bytes())), 0);
}

TEST(Noise, StreamsShareTheFactorOfTheirInput) {
  TwoStreams t;
  for (const char* name : {"a.w", "b.w"}) std::fill_n(t.parameters.find(name)->value.f32(), 6, 0.0f);
  Rng rng(3, RngPurpose::test);
  t.noise.draw(rng);
  t.noise.apply();
  const float *a = t.parameters.find("a.w")->value.f32(), *b = t.parameters.find("b.w")->value.f32();
  EXPECT_NEAR(a[0] / a[3], b[0] / b[3], 1e-4);  // the ratio of two inputs, whatever the output
  EXPECT_NE(a[0], b[0]);
}

TEST(Noise, DeviationsGetTheGradientOfTheMeansTimesTheNoise) {
  TwoStreams t;
  Rng rng(3, RngPurpose::test);
  t.noise.draw(rng);
  const Buffer dy = random_tensor({6}, 5);
  const Parameter *w = t.parameters.find("a.w"), *sigma = t.parameters.find("a.w_sigma");
  const auto loss = [&] {
    t.noise.apply();
    const double value = dot_product(w->value, dy);
    t.noise.remove();
    return value;
  };
  std::copy_n(dy.f32(), 6, w->gradient.f32());
  t.noise.add_gradients();
  expect_gradient(loss, sigma->value, sigma->gradient, "sigma");
  expect_gradient(loss, w->value, w->gradient, "mean");
}

}  // namespace
}  // namespace moescope::rl
