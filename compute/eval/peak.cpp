// One measurement: the best of several runs, since whatever disturbs a run only makes it slower.
#include "compute/eval/peak.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <tuple>

#include "compute/backends/implementations.h"
#include "compute/backends/precision.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/arena.h"
#include "compute/core/clock.h"
#include "compute/core/rng.h"
#include "compute/ops/matmul/matmul.h"

namespace moescope {

namespace {

double measure() {
  constexpr int64_t kSide = 1024;
  constexpr double kEnoughSecs = 0.08;
  const Buffer a({kSide, kSide}), b({kSide, kSide}), y({kSide, kSide});
  Rng(1, RngPurpose::test).fill_uniform(a.f32(), a.size(), -1, 1);
  Rng(2, RngPurpose::test).fill_uniform(b.f32(), b.size(), -1, 1);
  double best_secs = 1e9, total_secs = 0;
  for (int run = 0; run < 3 || (run < 20 && total_secs < kEnoughSecs); ++run) {
    const auto begin = std::chrono::steady_clock::now();
    matmul(a, b, y);
    const double secs = secs_since(begin);
    best_secs = std::min(best_secs, secs);
    total_secs += secs;
  }
  return 2.0 * kSide * kSide * kSide / best_secs * 1e-9;
}

}  // namespace

double measured_peak_gflops() {
  using Setting = std::tuple<int, InstructionSet, Precision>;
  static std::mutex mutex;
  static std::map<Setting, double> measured;
  const std::lock_guard lock(mutex);
  const Setting setting{cpu_pool().num_threads(), instruction_set(), matmul_precision()};
  const auto known = measured.find(setting);
  return known != measured.end() ? known->second : measured[setting] = measure();
}

}  // namespace moescope
