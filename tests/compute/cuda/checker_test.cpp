// The checker is checked: kernels with one fault each must all be reported, and the same kernels without it must not.
#include <cmath>
#include <optional>

#include "compute/core/rng.h"
#include "defects/defects.h"
#include "support/device_array.h"

namespace moescope::cuda {
namespace {

/// How a fault is found: by what the machine says, or by a wrong number where there is nothing to say.
struct Expectation {
  Defect defect;
  const char* name;
  const char* report;   // part of it; null: a wrong result
  bool needs_accesses;  // found only where accesses are looked at; it would damage memory elsewhere
};

constexpr Expectation kExpectations[] = {
    {Defect::no_barrier_before_reading, "no barrier before reading", "shared memory", true},
    {Defect::no_barrier_before_rewriting, "no barrier before rewriting", "race in shared memory", true},
    {Defect::barrier_in_a_branch, "barrier in a branch", "barrier divergence", false},
    {Defect::return_before_a_barrier, "return before a barrier", "barrier divergence", false},
    {Defect::two_barriers_meet, "two barriers meet", "barrier divergence", false},
    {Defect::read_past_the_end, "read past the end", "past the end of an allocation", true},
    {Defect::write_past_the_end, "write past the end", "past the end of an allocation", true},
    {Defect::write_before_the_beginning, "write before the beginning", "of 4 bytes", true},
    {Defect::shared_index_past_the_end, "shared index past the end", "shared", true},
    {Defect::shared_never_written, "shared memory never written", "uninitialised read of shared", true},
    {Defect::device_never_written, "device memory never written", "uninitialised read of device", true},
    {Defect::host_pointer, "host pointer", "read of 4 bytes", true},
    {Defect::misaligned_pair, "misaligned pair", "misaligned", true},
    {Defect::last_block_forgotten, "last block forgotten", nullptr, false},
    {Defect::wrong_stride, "wrong stride", "race in device memory", true},
    {Defect::mask_lacks_the_caller, "mask lacks the caller", "which lacks it", false},
    {Defect::shuffle_from_outside_the_mask, "shuffle from outside the mask", "not in mask", false},
    {Defect::lane_has_returned, "lane has returned", "returned", false},
    {Defect::different_warp_functions, "different warp functions", "different warp functions", false},
    {Defect::no_warp_barrier, "no barrier of the warp", "shared memory", true},
    {Defect::warp_waits_for_block, "warp waits for block", "deadlock", false},
    {Defect::plain_add_in_a_block, "plain add in a block", "race in device memory", true},
    {Defect::plain_add_between_blocks, "plain add between blocks", "race in device memory", true},
    {Defect::place_by_arrival, "place by arrival", nullptr, false},
    {Defect::too_many_threads, "too many threads", "", false},
    {Defect::too_much_shared_memory, "too much shared memory", "48 KiB", false},
    {Defect::no_dynamic_shared_memory, "no dynamic shared memory", "gives it none", false},
    {Defect::past_dynamic_shared_memory, "past dynamic shared memory", "out of bounds of every shared array", true},
};
static_assert(std::size(kExpectations) + 1 == static_cast<size_t>(Defect::kCount), "each defect is expected once");

struct Outcome {
  cudaError_t error = cudaSuccess;
  bool right = true;
  std::string report;
};

constexpr int64_t kSize = 3 * kDefectThreads;

bool close(float got, double want) { return std::abs(got - want) <= 1e-5; }  // false for NaN

bool is_normalised(const std::vector<float>& x, const float* y) {
  for (size_t i = 0; i < x.size(); ++i) {
    double sum = 0;
    for (size_t j = i / kDefectThreads * kDefectThreads; j < (i / kDefectThreads + 1) * kDefectThreads; ++j)
      sum += x[j];
    if (!close(y[i], x[i] / sum)) return false;
  }
  return true;
}

bool are_warp_sums(const std::vector<float>& x, const float* y) {
  for (size_t warp = 0; warp < x.size() / 32; ++warp) {
    double sum = 0;
    for (size_t j = 32 * warp; j < 32 * (warp + 1); ++j) sum += x[j];
    if (!close(y[warp], sum)) return false;
  }
  return true;
}

bool are_counts(const std::vector<float>& x, const int* counts, const float* place) {
  int want[4] = {};
  for (size_t i = 0; i < x.size(); ++i)
    if (place[i] != static_cast<float>(want[static_cast<int>(x[i])]++)) return false;
  return std::equal(want, want + 4, counts);
}

Outcome outcome_of(cudaError_t error, bool right) {
  return {error, right, error == cudaSuccess ? "" : on_host::last_report()};
}

/// Runs the kernel that knows the defect.
Outcome run(Defect defect) {
  Rng rng(91, RngPurpose::test);
  std::vector<float> x(kSize), values(kSize);
  for (float& one : x) one = static_cast<float>(rng.uniform()) + 0.5f;
  for (float& one : values) one = static_cast<float>(rng.below(4));
  const Floats in(x), out(kSize), spare(kSize), device_values(values);
  const DefectArguments a{defect, in.get(), out.get(), spare.get(), x.data(), kSize};
  const auto is_between = [defect](Defect first, Defect last) { return defect >= first && defect <= last; };
  if (is_between(Defect::mask_lacks_the_caller, Defect::warp_waits_for_block)) {
    const cudaError_t error = launch_sum_warps(a);
    return outcome_of(error, are_warp_sums(x, out.get()));
  }
  if (is_between(Defect::plain_add_in_a_block, Defect::place_by_arrival)) {
    const Ints counts(std::vector<int32_t>(4));
    const DefectArguments b{defect, device_values.get(), out.get(), spare.get(), x.data(), kSize};
    const cudaError_t error = launch_count_values(b, counts.get(), out.get());
    return outcome_of(error, are_counts(values, counts.get(), out.get()));
  }
  if (is_between(Defect::too_much_shared_memory, Defect::past_dynamic_shared_memory)) {
    const cudaError_t error = launch_through_dynamic(a);
    return outcome_of(error, close(out.get()[0], x[0]));
  }
  const cudaError_t error = launch_normalise_blocks(a);
  return outcome_of(error, is_normalised(x, out.get()));
}

TEST(CudaChecker, SaysNothingAboutTheSameKernelsWithoutAFault) {
  in_every_order([&] {
    const std::vector<float> x(kSize, 1.0f);
    std::vector<float> values(kSize);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 4);
    const Floats in(x), out(kSize), spare(kSize), device_values(values), place(kSize);
    const Ints counts(std::vector<int32_t>(4));
    const DefectArguments a{Defect::none, in.get(), out.get(), spare.get(), nullptr, kSize};
    expect_ran(launch_normalise_blocks(a));
    EXPECT_TRUE(is_normalised(x, out.get()));
    expect_ran(launch_sum_warps(a));
    EXPECT_TRUE(are_warp_sums(x, out.get()));
    expect_ran(launch_count_values({Defect::none, device_values.get(), nullptr, nullptr, nullptr, kSize}, counts.get(),
                                   place.get()));
    EXPECT_TRUE(are_counts(values, counts.get(), place.get()));
    expect_ran(launch_through_dynamic(a));
    EXPECT_EQ(out.get()[0], 1);
  });
}

TEST(CudaChecker, ReportsEveryInjectedDefect) {
  int found = 0;
  for (const Expectation& e : kExpectations) {
    if (e.needs_accesses && !on_host::reports_accesses()) continue;  // test_cuda_checked has them all
    SCOPED_TRACE(e.name);
    std::optional<Outcome> first;
    for (const auto order :
         {on_host::ThreadOrder::forward, on_host::ThreadOrder::reverse, on_host::ThreadOrder::random}) {
      on_host::set_order(order, 3);
      const Outcome one = run(e.defect);
      if (!first && (one.error != cudaSuccess || !one.right)) first = one;
    }
    on_host::set_order(on_host::ThreadOrder::forward);
    ASSERT_TRUE(first.has_value()) << "nobody noticed";
    if (!e.report) {
      EXPECT_EQ(first->error, cudaSuccess) << first->report;
      EXPECT_FALSE(first->right);
    } else {
      EXPECT_NE(first->error, cudaSuccess);
      EXPECT_NE(first->report.find(e.report), std::string::npos) << first->report;
    }
    ++found;
  }
  EXPECT_EQ(found, on_host::reports_accesses() ? 28 : 13);
}

TEST(CudaChecker, NamesTheLaunchTheThreadsAndThePlace) {
  const std::string barrier = run(Defect::two_barriers_meet).report;
  EXPECT_NE(barrier.find("defects.cu:"), std::string::npos) << barrier;
  EXPECT_NE(barrier.find("thread "), std::string::npos) << barrier;
  if (!on_host::reports_accesses()) return;
  const std::string race = run(Defect::no_barrier_before_rewriting).report;
  EXPECT_NE(race.find("defects.cu:"), std::string::npos) << race;
  EXPECT_NE(race.find("by thread "), std::string::npos) << race;
  EXPECT_NE(race.find("at offset "), std::string::npos) << race;
}

}  // namespace
}  // namespace moescope::cuda
