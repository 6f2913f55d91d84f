// Gate noise: drawn by counter, so that a resumed run sees the same draws.
#include <algorithm>

#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/moe/router.h"

namespace moescope {
namespace {

constexpr int64_t kDrawsPerStream = 4096;  // one stream a stretch lets threads draw side by side

}  // namespace

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
  const auto step = static_cast<uint64_t>(pass.step), place = static_cast<uint64_t>(pass.part * 1024 + layer);
  const uint64_t seed = Rng(pass.seed, RngPurpose::router_noise, step, place).bits();
  parallel_for(x.size(), kDrawsPerStream, [&](int64_t begin, int64_t end, int) {
    for (int64_t first = begin; first < end; first += kDrawsPerStream) {
      Rng rng(seed, RngPurpose::router_noise, static_cast<uint64_t>(first / kDrawsPerStream));
      const int64_t last = std::min(end, first + kDrawsPerStream);
      for (int64_t i = first; i < last; ++i) out[i] += deviation * static_cast<float>(rng.normal());
    }
  });
}

}  // namespace moescope
