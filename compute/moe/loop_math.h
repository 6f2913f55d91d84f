// Elementary functions without branches or calls, so that plain loops over them are vectorised by the compiler.
//
// Polynomials after Cephes (Moshier) and, for erfc, Numerical Recipes 6.2.2; good to about 3e-7, which losses, metrics
// and noise do not feel. Matrix products and activations do not come through here.
#pragma once

#include <bit>
#include <cstdint>

namespace moescope {

/// |x| but at most `limit`, with x's sign, by its bits: a comparison of floats would keep the loop from being
/// vectorised.
inline float loop_clamp(float x, float limit) {
  const int32_t bits = std::bit_cast<int32_t>(x), size = bits & 0x7FFFFFFF, most = std::bit_cast<int32_t>(limit);
  return std::bit_cast<float>((size < most ? size : most) | (bits & ~0x7FFFFFFF));
}

/// e^x; arguments beyond -87 and 87 give what those give.
inline float loop_exp(float x) {
  constexpr float kToWhole = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  x = loop_clamp(x, 87);
  const float n = (x * 1.44269504f + kToWhole) - kToWhole;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return (p * r * r + r + 1) * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

/// Natural logarithm of a positive, normal x.
inline float loop_log(float x) {
  const int32_t bits = std::bit_cast<int32_t>(x);
  const int32_t exponent = (bits - 0x3F3504F3) >> 23;  // leaves a mantissa between sqrt(1/2) and sqrt(2)
  const float f = std::bit_cast<float>(bits - exponent * (1 << 23)) - 1, e = static_cast<float>(exponent), z = f * f;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  return (f + (p * f * z - 2.12194440e-4f * e - 0.5f * z)) + 0.693359375f * e;
}

/// 1 - erf(x), good to 3e-7 absolutely.
inline float loop_erfc(float x) {
  const float z = std::bit_cast<float>(std::bit_cast<int32_t>(x) & 0x7FFFFFFF), t = 1 / (1 + 0.5f * z);
  float p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const float inner = 1 - t * loop_exp(p - z * z);  // erf(|x|)
  const int32_t sign = std::bit_cast<int32_t>(x) & ~0x7FFFFFFF;
  return 1 - std::bit_cast<float>(std::bit_cast<int32_t>(inner) ^ sign);
}

/// Cosine and sine of a whole turn's share u in [0, 1).
inline void loop_turn(float u, float& cosine, float& sine) {
  const auto quarter = static_cast<int32_t>(4 * u + 0.5f);
  const float x = (u - 0.25f * static_cast<float>(quarter)) * 6.28318531f, z = x * x;
  const float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
  const float c =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1;
  const bool swapped = (quarter & 1) != 0;
  const float along = swapped ? s : c, across = swapped ? c : s;
  cosine = ((quarter + 1) & 2) != 0 ? -along : along;
  sine = (quarter & 2) != 0 ? -across : across;
}

}  // namespace moescope
