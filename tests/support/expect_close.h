// Comparison of tensors in which a NaN never passes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "compute/core/tensor.h"

namespace moescope {

/// max|got - want| <= tolerance * max(1, max|want|), the measure of NUMERICS 7.
inline void expect_close(const Tensor& got, const Tensor& want, double tolerance, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  double largest = 1;
  for (int64_t i = 0; i < want.size(); ++i) {
    ASSERT_TRUE(std::isfinite(want.f32()[i])) << what << ": the expected number at " << i << " is not finite";
    largest = std::max(largest, std::abs(static_cast<double>(want.f32()[i])));
  }
  for (int64_t i = 0; i < want.size(); ++i)
    ASSERT_TRUE(std::abs(static_cast<double>(got.f32()[i]) - want.f32()[i]) <= tolerance * largest)
        << what << " at " << i << ": " << got.f32()[i] << " for " << want.f32()[i];
}

inline void expect_numbers(const Tensor& got, const std::vector<float>& want, double tolerance,
                           const std::string& what) {
  ASSERT_EQ(got.size(), static_cast<int64_t>(want.size())) << what;
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(std::abs(static_cast<double>(got.f32()[i]) - want[i]) <= tolerance)
        << what << " at " << i << ": " << got.f32()[i] << " for " << want[i];
}

}  // namespace moescope
