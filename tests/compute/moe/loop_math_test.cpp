// The branch-free functions against the library's, and the noise made with them.
#include "compute/moe/loop_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compute/core/arena.h"
#include "compute/moe/router.h"

namespace moescope {
namespace {

TEST(LoopMath, AgreesWithTheLibrary) {
  // float32 carries 6e-8; the polynomials' own error and the argument's rounding add up to a few of those
  for (double x = -87; x < 87; x += 0.0137)
    EXPECT_NEAR(loop_exp(static_cast<float>(x)) / std::exp(static_cast<float>(x)), 1, 3e-7) << x;
  for (double x = 1e-30; x < 1e30; x *= 1.013) {
    const double want = std::log(static_cast<double>(static_cast<float>(x)));
    EXPECT_NEAR(loop_log(static_cast<float>(x)), want, 2e-7 * std::max(1.0, std::abs(want))) << x;
  }
  for (double x = -6; x < 6; x += 0.00713) {
    const auto at = static_cast<float>(x);
    EXPECT_NEAR(loop_erfc(at), std::erfc(static_cast<double>(at)), 4e-7) << x;
  }
  for (int i = 0; i < 4096; ++i) {
    const float u = static_cast<float>(i) / 4096;
    float c = 0, s = 0;
    loop_turn(u, c, s);
    EXPECT_NEAR(c, std::cos(2 * M_PI * u), 2e-7) << u;
    EXPECT_NEAR(s, std::sin(2 * M_PI * u), 2e-7) << u;
  }
}

TEST(LoopMath, ExtremesStayFinite) {
  EXPECT_LT(loop_exp(-1e30f), 1e-37f);
  EXPECT_TRUE(std::isfinite(loop_exp(1e30f)));
  EXPECT_EQ(loop_erfc(50), 0);
  EXPECT_FLOAT_EQ(loop_erfc(-50), 2);
  EXPECT_FLOAT_EQ(loop_log(1), 0);
}

TEST(RouterNoise, IsStandardNormal) {
  // 200,000 draws: the mean's deviation is 0.0022, the variance's 0.0032, the fourth moment's 0.022; four of each pass
  constexpr int64_t kDraws = 200'000;
  const Buffer x(Shape{kDraws});
  Pass pass;
  add_router_noise(pass, 0, 1, x);
  double sums[5] = {}, lag = 0;
  for (int64_t i = 0; i < kDraws; ++i) {
    for (int power = 1; power < 5; ++power) sums[power] += std::pow(x.f32()[i], power) / kDraws;
    lag += static_cast<double>(x.f32()[i]) * x.f32()[(i + 512) % kDraws] / kDraws;  // the cosine's sine
  }
  EXPECT_NEAR(sums[1], 0, 0.009);
  EXPECT_NEAR(sums[2], 1, 0.013);
  EXPECT_NEAR(sums[3], 0, 0.04);
  EXPECT_NEAR(sums[4], 3, 0.09);
  EXPECT_NEAR(lag, 0, 0.009);
}

TEST(RouterNoise, ScalesWithItsDeviationAndIsAddedToWhatIsThere) {
  const Buffer unit(Shape{1500}), scaled(Shape{1500});
  for (int64_t i = 0; i < 1500; ++i) scaled.f32()[i] = 10;
  Pass pass;
  add_router_noise(pass, 3, 1, unit);
  add_router_noise(pass, 3, 0.25f, scaled);
  for (int64_t i = 0; i < 1500; ++i) EXPECT_NEAR(scaled.f32()[i], 10 + 0.25 * unit.f32()[i], 2e-6);
}

}  // namespace
}  // namespace moescope
