// Shapes at the door, the share of each thread, and the choice of implementation.
#include "compute/ops/matmul/matmul.h"

#include <algorithm>

#include "compute/backends/implementations.h"
#include "compute/backends/precision.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/ops/matmul/gemm.h"
#include "compute/ops/matmul/matmul_implementations.h"

namespace moescope {
namespace {

thread_local int64_t flops = 0;  // an explorer beside the trainer must not count as the trainer's work

void gemm_plain(const Gemm& g, bool) { gemm_reference(g); }

// A thread is worth waking for about 5 microseconds of work.
constexpr int64_t kFlopsPerThread = 400'000;

int64_t rows_worth_a_thread(int64_t columns, int64_t depth) {
  const int64_t rows = kFlopsPerThread / std::max<int64_t>(1, 2 * columns * depth) + 1;
  return (rows + 7) / 8 * 8;
}

std::string operands(const char* op, const Tensor& a, const Tensor& b, const Tensor& y, const MatmulOptions& o) {
  return std::string(op) + ": " + describe("a", a) + (o.transpose_a ? " transposed" : "") + ", " + describe("b", b) +
         (o.transpose_b ? " transposed" : "") + " and " + describe("y", y) + " disagree";
}

}  // namespace

ImplementationList<GemmFn>& gemm_implementations() {
  static ImplementationList<GemmFn> list{"matmul",
                                         {{"onednn", Device::cpu, InstructionSet::avx2, gemm_onednn},
                                          {kReference, Device::cpu, InstructionSet::reference, gemm_plain}}};
  return list;
}

namespace {

GemmFn* chosen_gemm(Device device) {
  if (device == Device::cpu && matmul_precision() == Precision::bfloat16) return gemm_bf16;
  return gemm_implementations().choose(device).run;
}

}  // namespace

int64_t flops_done() { return flops; }
void count_flops(int64_t n) { flops += n; }

void matmul(const Tensor& a, const Tensor& b, const Tensor& y, MatmulOptions options, const Tensor& bias) {
  check_shape(a.rank() == 2 && b.rank() == 2 && y.rank() == 2,
              [&] { return operands("matmul", a, b, y, options) + ": each needs two axes"; });
  const int64_t m = a.dim(options.transpose_a ? 1 : 0), k = a.dim(options.transpose_a ? 0 : 1);
  const int64_t n = b.dim(options.transpose_b ? 0 : 1);
  check_shape(b.dim(options.transpose_b ? 1 : 0) == k && y.dim(0) == m && y.dim(1) == n,
              [&] { return operands("matmul", a, b, y, options); });
  check_shape(bias.empty() || (bias.size() == n && !options.accumulate), [&] {
    return operands("matmul", a, b, y, options) + ": " + describe("bias", bias) +
           " must have N elements, and no accumulation";
  });
  count_flops(2 * m * n * k);
  const auto run = chosen_gemm(y.device());
  parallel_for(m, rows_worth_a_thread(n, k), [&](int64_t begin, int64_t end, int) {
    const float* first = a.f32() + (options.transpose_a ? begin : begin * k);
    run({end - begin, n, k, first, a.dim(1), options.transpose_a, b.f32(), b.dim(1), options.transpose_b,
         y.f32() + begin * n, n, options.accumulate, bias.f32()},
        true);
  });
}

namespace {

/// The same number of rows for each expert: the shapes repeat from step to step (Soft MoE).
bool is_uniform(const int32_t* offset, int64_t experts) {
  for (int64_t e = 1; e < experts; ++e)
    if (offset[e + 1] - offset[e] != offset[1] - offset[0]) return false;
  return true;
}

}  // namespace

void grouped_matmul(const Tensor& a, const int32_t* offset, const Tensor& b, const Tensor& y, MatmulOptions options,
                    const Tensor& bias) {
  check_shape(a.rank() == 2 && b.rank() == 3 && y.rank() == 2 && !options.transpose_a,
              [&] { return operands("grouped_matmul", a, b, y, options); });
  const int64_t experts = b.dim(0), rows = a.dim(0), k = a.dim(1), n = b.dim(options.transpose_b ? 1 : 2);
  check_shape(b.dim(options.transpose_b ? 2 : 1) == k && y.dim(0) == rows && y.dim(1) == n && offset[0] == 0 &&
                  offset[experts] == rows,
              [&] { return operands("grouped_matmul", a, b, y, options) + " (or the offsets do not cover the rows)"; });
  check_shape(bias.empty() || (bias.size() == experts * n && !options.accumulate),
              [&] { return operands("grouped_matmul", a, b, y, options) + ": " + describe("bias", bias); });
  count_flops(2 * rows * n * k);
  const auto run = chosen_gemm(y.device());
  const bool steady = is_uniform(offset, experts);
  // Ragged experts are cut by rows so that the threads get equal work; equal ones by whole experts, to keep one shape.
  const int64_t grain = steady && experts >= cpu_pool().num_threads() ? std::max<int64_t>(1, rows / experts) : 8;
  parallel_for(rows, std::max(grain, rows_worth_a_thread(n, k)), [&](int64_t begin, int64_t end, int) {
    for (int64_t e = 0; e < experts; ++e) {
      const int64_t first = std::max<int64_t>(begin, offset[e]), last = std::min<int64_t>(end, offset[e + 1]);
      if (first >= last) continue;
      run({last - first, n, k, a.f32() + first * k, k, false, b.f32() + e * n * k, b.dim(2), options.transpose_b,
           y.f32() + first * n, n, options.accumulate, bias.empty() ? nullptr : bias.f32() + e * n},
          steady);
    }
  });
}

void grouped_matmul_weights(const Tensor& a, const int32_t* offset, const Tensor& dy, const Tensor& dw) {
  check_shape(a.rank() == 2 && dy.rank() == 2 && dw.rank() == 3 && a.dim(0) == dy.dim(0) && dw.dim(1) == a.dim(1) &&
                  dw.dim(2) == dy.dim(1) && offset[dw.dim(0)] == a.dim(0),
              [&] {
                return "grouped_matmul_weights: " + describe("a", a) + ", " + describe("dy", dy) + " and " +
                       describe("dw", dw) + " disagree";
              });
  const int64_t experts = dw.dim(0), rows = a.dim(0), k = a.dim(1), n = dy.dim(1);
  count_flops(2 * rows * n * k);
  const auto run = chosen_gemm(dw.device());
  const bool steady = is_uniform(offset, experts);
  // One unit of work is one row of one expert's dw for one row of a: equal shares of rows * k units, cut between rows
  // of dw.
  const int64_t grain = steady && experts >= cpu_pool().num_threads() ? std::max<int64_t>(1, rows / experts) * k : 1;
  parallel_for(rows * k, std::max(grain, kFlopsPerThread / std::max<int64_t>(1, 2 * n)),
               [&](int64_t begin, int64_t end, int) {
                 for (int64_t e = 0; e < experts; ++e) {
                   const int64_t count = offset[e + 1] - offset[e];
                   if (count == 0) continue;
                   const auto dw_row_at = [&](int64_t unit) {
                     return std::clamp<int64_t>((unit - offset[e] * k + count - 1) / count, 0, k);
                   };
                   const int64_t first = begin <= offset[e] * k ? 0 : dw_row_at(begin),
                                 last = end <= offset[e] * k ? 0 : dw_row_at(end);
                   if (first >= last) continue;
                   run({last - first, n, count, a.f32() + offset[e] * k + first, k, true, dy.f32() + offset[e] * n, n,
                        false, dw.f32() + (e * k + first) * n, n, true, nullptr},
                       steady);
                 }
               });
}

}  // namespace moescope
