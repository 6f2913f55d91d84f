// Random numbers by counter: the n-th draw of a stream is a function of (seed, purpose, step, part), so that nothing
// needs to be saved to resume a run, and looking at one thing never shifts the draws of another.
#pragma once

#include <cstdint>

namespace moescope {

enum class RngPurpose : uint64_t {
  init = 1,
  data_order,
  augment,
  router_noise,
  mixup,
  scenes,
  test,
  subset,
  bootstrap,
  edit,
};

class Rng {
 public:
  Rng(uint64_t seed, RngPurpose purpose, uint64_t step = 0, uint64_t part = 0);

  uint64_t bits();           // 64 uniform bits
  double uniform();          // [0, 1)
  double normal();           // standard normal
  int64_t below(int64_t n);  // 0 .. n-1, unbiased
  void fill_normal(float* out, int64_t n, float std);
  /// A normal truncated at two deviations, rescaled so that its deviation is `std` (jax's truncated_normal,
  /// NUMERICS 1.8).
  void fill_truncated_normal(float* out, int64_t n, float std);
  void fill_uniform(float* out, int64_t n, float low, float high);
  /// Shuffles 0..n-1 into out (Fisher-Yates).
  void permutation(int32_t* out, int64_t n);

 private:
  uint64_t key_, counter_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace moescope
