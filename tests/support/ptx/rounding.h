// Float results rounded in a direction, without changing the processor's rounding: the exact result stands as the sum
// of two doubles, and the nearest float is stepped where it lies on the wrong side.
#pragma once

#include <cmath>
#include <limits>

namespace moescope::cuda::ptx {

enum class Rounding { nearest, to_zero, down, up };

/// high + low, |low| at most half a unit of high's last place.
struct TwoDoubles {
  double high, low;
};

/// a + b without error (Knuth's two-sum).
inline TwoDoubles exact_sum(double a, double b) {
  const double sum = a + b, b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

inline float rounded(TwoDoubles exact, Rounding how) {
  auto result = static_cast<float>(exact.high);
  if (std::isnan(result) || std::isinf(exact.high)) return result;
  const double beyond = static_cast<double>(result) - exact.high;  // exact, or infinite where the float overflows
  const bool too_high = beyond > 0 || (beyond == 0 && exact.low < 0);
  const bool too_low = beyond < 0 || (beyond == 0 && exact.low > 0);
  const bool negative = exact.high < 0;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (too_high && (how == Rounding::down || (how == Rounding::to_zero && !negative)))
    result = std::nextafter(result, -kInfinity);
  if (too_low && (how == Rounding::up || (how == Rounding::to_zero && negative)))
    result = std::nextafter(result, kInfinity);
  return result;
}

/// A float's product is exact in double: 48 bits.
template <Rounding how>
float fused_multiply_add(float a, float b, float c) {
  if constexpr (how == Rounding::nearest) return std::fma(a, b, c);
  const double product = static_cast<double>(a) * static_cast<double>(b);
  return rounded(exact_sum(product, static_cast<double>(c)), how);
}
template <Rounding how>
float add(float a, float b) {
  if constexpr (how == Rounding::nearest) return a + b;
  return rounded(exact_sum(static_cast<double>(a), static_cast<double>(b)), how);
}
template <Rounding how>
float multiply(float a, float b) {
  if constexpr (how == Rounding::nearest) return a * b;
  return rounded({static_cast<double>(a) * static_cast<double>(b), 0}, how);
}

}  // namespace moescope::cuda::ptx
