// Checks, threads, the three places of epsilon and the choice of implementation for l2 normalisation.
#include "compute/ops/l2_normalize/l2_normalize.h"

#include <cmath>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/l2_normalize/l2_normalize_implementations.h"
#include "compute/ops/l2_normalize/l2_normalize_kernels.h"
#include "compute/ops/partial_sums.h"

namespace moescope {
namespace {

// v̂ = v / sqrt(|v|² + 1e-6). NUMERICS 1.9: dv = r (dv̂ - v̂ (v̂ . dv̂)) with v̂ = r v.
NormFactors inside(double squares, bool) {
  const double r = 1 / std::sqrt(squares + 1e-6);
  return {r, r * r * r};
}

// v̂ = v / (|v| + 1e-6). dv = dv̂ / (n + eps) - v (v . dv̂) / (n (n + eps)²), and 0 at n = 0.
NormFactors outside(double squares, bool gradient) {
  const double n = std::sqrt(squares), r = 1 / (n + 1e-6);
  if (n == 0) return {gradient ? 0 : r, 0};
  return {r, r * r / n};
}

// v̂ = v / max(|v|, 1e-12): below the bound a plain multiple, and its gradient 0 at n = 0.
NormFactors clamp(double squares, bool gradient) {
  const double n = std::sqrt(squares);
  if (n == 0) return {gradient ? 0 : 1e12, 0};
  if (n < 1e-12) return {1e12, 0};
  return {1 / n, 1 / (n * n * n)};
}

NormFactorsFn* factors_of(NormEps eps) {
  return eps == NormEps::inside ? inside : eps == NormEps::outside ? outside : clamp;
}

float* or_null(const Tensor& t) { return t.empty() ? nullptr : t.f32(); }

template <const L2NormalizeKernels& kernels>
void run_rows(NormEps eps, const Tensor& x, const Tensor& y, float gain, const Tensor& gains) {
  const int64_t d = columns_of(x);
  parallel_for(rows_of(x), row_grain(d), [&](int64_t begin, int64_t end, int) {
    kernels.rows(factors_of(eps), x.f32() + begin * d, y.f32() + begin * d, gain, or_null(gains), end - begin, d);
  });
}

template <const L2NormalizeKernels& kernels>
void run_rows_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain,
                       const Tensor& gains, const Tensor& dgains) {
  const int64_t d = columns_of(x);
  PartialSums dgains_parts(0, dgains.empty() ? 0 : d);
  parallel_for(rows_of(x), row_grain(d), [&](int64_t begin, int64_t end, int thread) {
    kernels.rows_backward(factors_of(eps), x.f32() + begin * d, dy.f32() + begin * d, dx.f32() + begin * d, gain,
                          or_null(gains), dgains.empty() ? nullptr : dgains_parts.of(thread), end - begin, d);
  });
  if (!dgains.empty()) dgains_parts.add_to(dgains.f32());
}

// Columns are shared out in stretches of at least a cache line, so that no two threads write to the same one.
template <class Body>
void for_columns(const Tensor& x, Body&& body) {
  const int64_t grain = std::max<int64_t>(16, row_grain(rows_of(x)));
  parallel_for(columns_of(x), grain, [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    body(begin, end, scratch.floats(2 * (end - begin)));
  });
}

template <const L2NormalizeKernels& kernels>
void run_columns(NormEps eps, const Tensor& x, const Tensor& y, float gain) {
  for_columns(x, [&](int64_t begin, int64_t end, float* scratch) {
    kernels.columns(factors_of(eps), x.f32(), y.f32(), gain, rows_of(x), columns_of(x), begin, end, scratch);
  });
}

template <const L2NormalizeKernels& kernels>
void run_columns_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain) {
  for_columns(x, [&](int64_t begin, int64_t end, float* scratch) {
    kernels.columns_backward(factors_of(eps), x.f32(), dy.f32(), dx.f32(), gain, rows_of(x), columns_of(x), begin, end,
                             scratch);
  });
}

}  // namespace

ImplementationList<L2RowsFn>& l2_normalize_rows_list() {
  static auto list = cpu_list<L2RowsFn>("l2_normalize_rows", run_rows<kL2NormalizeAvx512>, run_rows<kL2NormalizeAvx2>,
                                        run_rows<kL2NormalizeReference>);
  return list;
}

ImplementationList<L2RowsBackwardFn>& l2_normalize_rows_backward_list() {
  static auto list =
      cpu_list<L2RowsBackwardFn>("l2_normalize_rows_backward", run_rows_backward<kL2NormalizeAvx512>,
                                 run_rows_backward<kL2NormalizeAvx2>, run_rows_backward<kL2NormalizeReference>);
  return list;
}

ImplementationList<L2ColumnsFn>& l2_normalize_columns_list() {
  static auto list = cpu_list<L2ColumnsFn>("l2_normalize_columns", run_columns<kL2NormalizeAvx512>,
                                           run_columns<kL2NormalizeAvx2>, run_columns<kL2NormalizeReference>);
  return list;
}

ImplementationList<L2ColumnsBackwardFn>& l2_normalize_columns_backward_list() {
  static auto list = cpu_list<L2ColumnsBackwardFn>(
      "l2_normalize_columns_backward", run_columns_backward<kL2NormalizeAvx512>, run_columns_backward<kL2NormalizeAvx2>,
      run_columns_backward<kL2NormalizeReference>);
  return list;
}

void l2_normalize_rows(NormEps eps, const Tensor& x, const Tensor& y, float gain, const Tensor& gains) {
  check_same_matrix("l2_normalize_rows", "x", x, "y", y);
  if (!gains.empty()) check_columns("l2_normalize_rows", "x", x, "gains", gains);
  l2_normalize_rows_list().choose(x.device()).run(eps, x, y, gain, gains);
}

void l2_normalize_rows_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain,
                                const Tensor& gains, const Tensor& dgains) {
  const char* op = "l2_normalize_rows_backward";
  check_same_matrix(op, "x", x, "dy", dy);
  check_same_matrix(op, "x", x, "dx", dx);
  if (!gains.empty()) check_columns(op, "x", x, "gains", gains);
  if (!dgains.empty()) check_columns(op, "x", x, "dgains", dgains);
  l2_normalize_rows_backward_list().choose(x.device()).run(eps, x, dy, dx, gain, gains, dgains);
}

void l2_normalize_columns(NormEps eps, const Tensor& x, const Tensor& y, float gain) {
  check_same_matrix("l2_normalize_columns", "x", x, "y", y);
  l2_normalize_columns_list().choose(x.device()).run(eps, x, y, gain);
}

void l2_normalize_columns_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain) {
  check_same_matrix("l2_normalize_columns_backward", "x", x, "dy", dy);
  check_same_matrix("l2_normalize_columns_backward", "x", x, "dx", dx);
  l2_normalize_columns_backward_list().choose(x.device()).run(eps, x, dy, dx, gain);
}

}  // namespace moescope
