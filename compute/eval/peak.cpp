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

double measure(int64_t side) {
  constexpr double kEnoughSecs = 0.08;
  const Buffer a({side, side}), b({side, side}), y({side, side});
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
  return 2.0 * static_cast<double>(side * side * side) / best_secs * 1e-9;
}

/// Plain loops are as slow at every size, and would take half a minute for what is measured of the others.
double measure() {
  constexpr double kSlowGflops = 4;
  const double small = measure(128);
  return small < kSlowGflops ? small : measure(1024);
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
