// Real kernels with one instruction changed: what a compiler's slip or a wrong line of CUDA would leave in the PTX.
// Each must be reported or give wrong numbers, while the kernels as they are give none of it.
#include <cmath>

#include "compute/core/rng.h"
#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/softmax.h"
#include "support/device_array.h"
#include "support/ptx/modules.h"

namespace moescope::cuda::ptx {
namespace {

constexpr int64_t kBlocks = 2, kRows = 300, kColumns = 37;

std::vector<float> numbers(int64_t size) {
  Rng rng(17, RngPurpose::test);
  std::vector<float> x(static_cast<size_t>(size));
  for (float& one : x) one = static_cast<float>(rng.uniform()) - 0.25f;
  return x;
}

/// What a run of a kernel file comes to: its error, and whether the numbers are right.
struct Outcome {
  cudaError_t error;
  bool right;
};

bool close(double got, double want) { return std::abs(got - want) <= 1e-4; }  // false for NaN

Outcome sum_columns() {
  const std::vector<float> x = numbers(kBlocks * kRows * kColumns);
  const Floats in(x), sums(kBlocks * kColumns), workspace(column_sums_workspace_floats(kBlocks, kRows, kColumns));
  const cudaError_t error = launch_column_sums(
      {in.get(), sums.get(), kBlocks, kRows, kColumns, kColumns, 1, false, workspace.get()}, nullptr);
  for (int64_t b = 0; b < kBlocks; ++b)
    for (int64_t c = 0; c < kColumns; ++c) {
      double want = 0;
      for (int64_t r = 0; r < kRows; ++r) want += x[static_cast<size_t>((b * kRows + r) * kColumns + c)];
      if (!close(sums.get()[b * kColumns + c], want)) return {error, false};
    }
  return {error, true};
}

Outcome softmax_rows() {
  constexpr int64_t kSoftmaxRows = 9;
  const std::vector<float> x = numbers(kSoftmaxRows * kColumns);
  const Floats in(x), out(in.size());
  const cudaError_t error = launch_softmax({in.get(), out.get(), kSoftmaxRows, kColumns}, nullptr);
  for (int64_t r = 0; r < kSoftmaxRows; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < kColumns; ++c) sum += std::exp(double{x[static_cast<size_t>(r * kColumns + c)]});
    for (int64_t c = 0; c < kColumns; ++c)
      if (!close(out.get()[r * kColumns + c], std::exp(double{x[static_cast<size_t>(r * kColumns + c)]}) / sum))
        return {error, false};
  }
  return {error, true};
}

struct Mutant {
  const char* name;
  const char* file;
  const char* line_with;  // both of these, the nth of such lines
  const char* and_with;
  int nth;
  const char* part;  // of that line, and what it becomes
  const char* becomes;
  const char* report;  // part of it; null: wrong numbers
};

constexpr Mutant kMutants[] = {
    {"no barrier", "column_sums.ptx", "bar.sync", "", 1, "bar.sync", "// bar.sync", "race in shared memory"},
    {"a barrier for some", "column_sums.ptx", "bar.sync", "", 1, "bar.sync", "@%p1 bar.sync", "barrier divergence"},
    {"one column more", "column_sums.ptx", "setp.lt.s64", "", 1, ".lt.", ".le.", "past the end of an allocation"},
    {"a place further in shared memory", "column_sums.ptx", "st.shared.f32", "", 1, "]", "+4]", "shared memory"},
    {"far out of shared memory", "column_sums.ptx", "st.shared.f32", "", 1, "]", "+2000000]", "every shared array"},
    {"a place further in device memory", "column_sums.ptx", "st.global.f32", "", 2, "]", "+4]", "past the end"},
    {"doubles for floats", "column_sums.ptx", "shl.b64", ", 2;", 1, ", 2;", ", 3;", "not device memory"},
    {"half a float", "column_sums.ptx", "shl.b64", ", 2;", 1, ", 2;", ", 1;", "misaligned"},
    {"a row less in each step", "column_sums.ptx", "ld.shared.f32", "+396]", 1, "+396]", "+264]", nullptr},
    {"a difference for a sum", "column_sums.ptx", "add.f32", "", 2, "add.f32", "sub.f32", nullptr},
    {"every row left out", "softmax.ptx", "@%p1", "bra", 1, "@%p1", "@!%p1", "past the end of an allocation"},
    {"a lane outside the mask", "softmax.ptx", "mov.u32", ", -1;", 1, ", -1;", ", 2147483647;", "which lacks it"},
    {"another shuffle", "softmax.ptx", "shfl.sync.bfly.b32", "", 6, ".bfly.", ".down.", nullptr},
    {"another power", "softmax.ptx", "ex2.approx", "", 1, "ex2.approx", "lg2.approx", nullptr},
    {"half of a pointer", "softmax.ptx", "cvta.to.global.u64", "", 1, "cvta.to.global.u64", "cvt.u64.u32",
     "not device memory"},
};

/// The text with the mutant's line changed; empty where it has none.
std::string mutated(const std::string& text, const Mutant& m) {
  size_t begin = 0;
  for (int count = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    std::string line = text.substr(begin, end - begin);
    const bool fits = line.find(m.line_with) != std::string::npos && line.find(m.and_with) != std::string::npos;
    if (fits && ++count == m.nth)
      return text.substr(0, begin) + line.replace(line.find(m.part), std::strlen(m.part), m.becomes) + text.substr(end);
    begin = end + 1;
  }
  return "";
}

Outcome run(const std::string& file) { return file == "softmax.ptx" ? softmax_rows() : sum_columns(); }

TEST(PtxMutants, EveryOneIsFound) {
  for (const Mutant& m : kMutants) {
    SCOPED_TRACE(m.name);
    const std::string original = modules().text(m.file), changed = mutated(original, m);
    ASSERT_FALSE(changed.empty()) << "no such line";
    EXPECT_TRUE(run(m.file).right);
    modules().replace(m.file, changed);
    std::string reports;
    bool wrong = false;
    for (const auto order :
         {on_host::ThreadOrder::forward, on_host::ThreadOrder::reverse, on_host::ThreadOrder::random}) {
      on_host::set_order(order, 3);
      const Outcome outcome = run(m.file);
      if (outcome.error != cudaSuccess) reports += std::string(on_host::last_report()) + "\n";
      wrong = wrong || !outcome.right;
    }
    on_host::set_order(on_host::ThreadOrder::forward);
    modules().replace(m.file, original);
    EXPECT_TRUE(wrong || !reports.empty()) << "nobody noticed";
    if (m.report)
      EXPECT_NE(reports.find(m.report), std::string::npos) << reports;
    else
      EXPECT_EQ(reports, "");
  }
}

}  // namespace
}  // namespace moescope::cuda::ptx
