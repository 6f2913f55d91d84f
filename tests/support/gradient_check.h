// Gradients against finite differences: along random directions, and for single numbers.
//
//   const auto loss = [&] { layer_norm(x, ...); return dot_product(y, dy); };   // reads x again on every call
//   expect_gradient(loss, x, dx, "dx");
//
// The difference is central, (L(x + h d) - L(x - h d)) / 2h, taken at h and h/2 and extrapolated, so that what is left
// of the curvature is of order h^4. With float32 outputs the loss carries a rounding error of some 1e-7 times the sum
// of its terms, which the division by h = 0.02 makes about 1e-5: the default tolerance of 2e-3 of the gradient's norm
// leaves room for losses of a few hundred terms and still catches a missing term or factor.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "compute/core/rng.h"
#include "compute/core/tensor.h"

namespace moescope {

struct GradientCheck {
  int directions = 4;       // random vectors of -1 and +1
  int single_numbers = 6;   // coordinates tried alone
  double step = 0.02;       // h; small against the scale on which the loss bends
  double tolerance = 2e-3;  // of the gradient's norm
  uint64_t seed = 17;
};

inline double dot_product(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a.f32()[i]) * b.f32()[i];
  return sum;
}

namespace gradient_check_detail {

struct Slope {
  double numeric, analytic;
};

// Float32 cannot hold x + h d exactly, so both sides use the step that was really taken.
template <class Loss>
Slope slope_along(Loss&& loss, const Tensor& x, const Tensor& gradient, const std::vector<float>& direction, double h) {
  const std::vector<float> before(x.f32(), x.f32() + x.size());
  std::vector<double> moved(before.size());
  const auto loss_at = [&](double step) {
    for (size_t i = 0; i < before.size(); ++i) {
      x.f32()[i] = static_cast<float>(before[i] + step * direction[i]);
      moved[i] += (step > 0 ? 1 : -1) * static_cast<double>(x.f32()[i]);
    }
    return static_cast<double>(loss());
  };
  const double difference = loss_at(h) - loss_at(-h);
  std::copy(before.begin(), before.end(), x.f32());
  Slope s{difference / (2 * h), 0};
  for (size_t i = 0; i < before.size(); ++i) s.analytic += gradient.f32()[i] * moved[i] / (2 * h);
  return s;
}

}  // namespace gradient_check_detail

/// `loss` must compute everything from `x` again; x is put back as it was.
template <class Loss>
void expect_gradient(Loss&& loss, const Tensor& x, const Tensor& gradient, const std::string& name,
                     GradientCheck check = {}) {
  ASSERT_EQ(x.size(), gradient.size()) << name;
  Rng rng(check.seed, RngPurpose::test);
  const double norm = std::sqrt(dot_product(gradient, gradient));
  ASSERT_TRUE(norm > 0) << name << ": the gradient is zero or not a number, nothing to check";
  const auto expect_slope = [&](const std::vector<float>& direction, double scale, const std::string& where) {
    using gradient_check_detail::slope_along;
    const auto whole = slope_along(loss, x, gradient, direction, check.step);
    const auto half = slope_along(loss, x, gradient, direction, check.step / 2);
    const double numeric = (4 * half.numeric - whole.numeric) / 3, analytic = (4 * half.analytic - whole.analytic) / 3;
    EXPECT_TRUE(std::abs(numeric - analytic) <= check.tolerance * scale)
        << name << " " << where << ": differences give " << numeric << ", the op " << analytic;
  };
  std::vector<float> direction(static_cast<size_t>(x.size()));
  for (int i = 0; i < check.directions; ++i) {
    for (float& d : direction) d = rng.below(2) ? 1.0f : -1.0f;
    expect_slope(direction, norm, "along direction " + std::to_string(i));
  }
  for (int i = 0; i < check.single_numbers; ++i) {
    std::fill(direction.begin(), direction.end(), 0.0f);
    const int64_t at = rng.below(x.size());
    direction[static_cast<size_t>(at)] = 1;
    expect_slope(direction, norm, "of number " + std::to_string(at));
  }
}

}  // namespace moescope
