// Gate noise: drawn by counter, so that a resumed run sees the same draws. Box and Muller's transform on stretches that
// threads draw side by side.
#include <algorithm>
#include <array>
#include <cmath>

#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/moe/loop_math.h"
#include "compute/moe/router.h"

namespace moescope {
namespace {

constexpr int64_t kStretch = 1024;  // draws of one stream
using HalfStretch = std::array<float, kStretch / 2>;

/// Adds deviation * standard normal draws to out[0..n), n <= kStretch. Two draws from each 64 random bits: the first
/// half of a stretch takes the cosines, the second the sines.
void add_stretch(Rng& rng, float deviation, float* out, int64_t n) {
  constexpr float kUnit = 0x1p-24f;
  HalfStretch radius, turn, cosine, sine;
  for (size_t i = 0; i < radius.size(); ++i) {
    const uint64_t bits = rng.bits();
    radius[i] = static_cast<float>((bits >> 40) + 1) * kUnit;  // (0, 1]
    turn[i] = static_cast<float>(bits >> 8 & 0xFFFFFF) * kUnit;
  }
  for (float& r : radius) r = -2 * deviation * deviation * loop_log(r);
  for (float& r : radius) r = std::sqrt(std::max(r, 0.0f));
  for (size_t i = 0; i < turn.size(); ++i) loop_turn(turn[i], cosine[i], sine[i]);
  const int64_t half = std::min<int64_t>(n, kStretch / 2);
  for (int64_t i = 0; i < half; ++i) out[i] += radius[static_cast<size_t>(i)] * cosine[static_cast<size_t>(i)];
  for (int64_t i = half; i < n; ++i)
    out[i] += radius[static_cast<size_t>(i - half)] * sine[static_cast<size_t>(i - half)];
}

}  // namespace

uint64_t router_noise_seed(uint64_t seed, int64_t step, int64_t part, int64_t layer) {
  return Rng(seed, RngPurpose::router_noise, static_cast<uint64_t>(step), static_cast<uint64_t>(part * 1024 + layer))
      .bits();
}

void add_router_noise(const Pass& pass, int64_t layer, float deviation, const Tensor& x) {
  float* out = x.f32();
  if (pass.given_noise) {
    check_shape(pass.given_noise->size() == x.size(), [&] {
      return "router: " + describe("noise", *pass.given_noise) + " and " + describe("logits", x) + " disagree";
    });
    const float* noise = pass.given_noise->f32();
    for (int64_t i = 0; i < x.size(); ++i) out[i] += deviation * noise[i];
    return;
  }
  const uint64_t seed = router_noise_seed(pass.seed, pass.step, pass.part, layer);
  parallel_for(x.size(), kStretch, [&](int64_t begin, int64_t end, int) {
    for (int64_t first = begin; first < end; first += kStretch) {
      Rng rng(seed, RngPurpose::router_noise, static_cast<uint64_t>(first / kStretch));
      add_stretch(rng, deviation, out + first, std::min(end - first, kStretch));
    }
  });
}

}  // namespace moescope
