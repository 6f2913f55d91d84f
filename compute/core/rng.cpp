// The generator is SplitMix64 (Steele, Lea, Flood 2014) run in counter mode over a hashed key.
#include "compute/core/rng.h"

#include <cmath>
#include <utility>

namespace moescope {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(uint64_t seed, RngPurpose purpose, uint64_t step, uint64_t part) {
  key_ = mix(seed + kGolden);
  for (uint64_t word : {static_cast<uint64_t>(purpose), step, part}) key_ = mix(key_ ^ (word * kGolden + kGolden));
}

uint64_t Rng::bits() { return mix(key_ + ++counter_ * kGolden); }

double Rng::uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

double Rng::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log(1 - uniform())), angle = 6.283185307179586 * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

int64_t Rng::below(int64_t n) {
  const uint64_t range = static_cast<uint64_t>(n), limit = UINT64_MAX - UINT64_MAX % range;
  uint64_t draw = bits();
  while (draw >= limit) draw = bits();
  return static_cast<int64_t>(draw % range);
}

void Rng::fill_normal(float* out, int64_t n, float std) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(std * normal());
}

void Rng::fill_truncated_normal(float* out, int64_t n, float std) {
  constexpr double kDeviationOfTruncated = 0.87962566103423978;  // of a standard normal cut at +-2
  for (int64_t i = 0; i < n; ++i) {
    double draw = normal();
    while (std::abs(draw) > 2) draw = normal();
    out[i] = static_cast<float>(std * draw / kDeviationOfTruncated);
  }
}

void Rng::fill_uniform(float* out, int64_t n, float low, float high) {
  for (int64_t i = 0; i < n; ++i) out[i] = low + (high - low) * static_cast<float>(uniform());
}

void Rng::permutation(int32_t* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<int32_t>(i);
  for (int64_t i = n - 1; i > 0; --i) std::swap(out[i], out[below(i + 1)]);
}

}  // namespace moescope
