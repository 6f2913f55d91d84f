// Sums over rows, one part per thread, added in thread order: the same threads give the same bits.
#pragma once

#include "compute/backends/thread_pool.h"
#include "compute/ops/scratch.h"

namespace moescope {

/// Lives on the thread that calls parallel_for. Two that live at once on one thread need different slots (0 to 3).
class PartialSums {
 public:
  PartialSums(int slot, int64_t n) : n_(n), stride_((n + 31) / 32 * 32), threads_(cpu_pool().num_threads()) {
    thread_local Scratch scratch[4];
    data_ = scratch[slot].zeros(stride_ * threads_);
  }
  float* of(int thread) { return data_ + thread * stride_; }
  void add_to(float* sum) const {
    for (int thread = 0; thread < threads_; ++thread)
      for (int64_t i = 0; i < n_; ++i) sum[i] += data_[thread * stride_ + i];
  }

 private:
  int64_t n_, stride_;
  int threads_;
  float* data_;
};

}  // namespace moescope
