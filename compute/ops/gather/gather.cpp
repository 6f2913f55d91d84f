// Checks, threads and the choice of implementation for sparse dispatch and combine.
#include "compute/ops/gather/gather.h"

#include <cstring>
#include <string>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/gather/gather_implementations.h"
#include "compute/ops/gather/gather_kernels.h"

namespace moescope {
namespace {

void run_gather(const PairList& pairs, const Tensor& x, const Tensor& rows) {
  const int64_t d = columns_of(x);
  parallel_for(pairs.num_pairs, row_grain(d), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r)
      std::memcpy(rows.f32() + r * d, x.f32() + pairs.token[r] * d, static_cast<size_t>(d) * sizeof(float));
  });
}

template <const GatherKernels& kernels>
void run_gather_backward(const PairList& pairs, const Tensor& drows, const Tensor& dx) {
  const int64_t d = columns_of(dx);
  parallel_for(pairs.num_tokens, row_grain(d), [&](int64_t begin, int64_t end, int) {
    kernels.gather_backward(pairs, drows.f32(), dx.f32(), d, begin, end);
  });
}

template <const GatherKernels& kernels>
void run_combine(const PairList& pairs, const Tensor& rows, const Tensor& y) {
  const int64_t d = columns_of(y);
  parallel_for(pairs.num_tokens, row_grain(d),
               [&](int64_t begin, int64_t end, int) { kernels.combine(pairs, rows.f32(), y.f32(), d, begin, end); });
}

template <const GatherKernels& kernels>
void run_combine_backward(const PairList& pairs, const Tensor& rows, const Tensor& dy, const Tensor& drows,
                          const Tensor& dweight) {
  const int64_t d = columns_of(dy);
  parallel_for(pairs.num_pairs, row_grain(d), [&](int64_t begin, int64_t end, int) {
    kernels.combine_backward(pairs, rows.f32(), dy.f32(), drows.f32(), dweight.f32(), d, begin, end);
  });
}

void check_pairs(const char* op, const PairList& pairs, const char* tokens_name, const Tensor& tokens,
                 const char* rows_name, const Tensor& rows) {
  check_pair(tokens.rank() > 0 && rows.rank() > 0 && tokens.dim(-1) == rows.dim(-1), op, tokens_name, tokens, rows_name,
             rows, "the same number of columns");
  const int64_t d = tokens.dim(-1);
  check_shape(tokens.size() == pairs.num_tokens * d && rows.size() == pairs.num_pairs * d, [&] {
    return std::string(op) + ": " + describe(tokens_name, tokens) + " and " + describe(rows_name, rows) +
           " do not fit a routing of " + std::to_string(pairs.num_tokens) + " tokens and " +
           std::to_string(pairs.num_pairs) + " pairs: expected one row each";
  });
}

}  // namespace

ImplementationList<GatherRowsFn>& gather_rows_list() {
  static auto list = cpu_list<GatherRowsFn>("gather_rows", run_gather);
  return list;
}

ImplementationList<GatherRowsBackwardFn>& gather_rows_backward_list() {
  static auto list =
      cpu_list<GatherRowsBackwardFn>("gather_rows_backward", run_gather_backward<kGatherAvx512>,
                                     run_gather_backward<kGatherAvx2>, run_gather_backward<kGatherReference>);
  return list;
}

ImplementationList<CombineRowsFn>& combine_rows_list() {
  static auto list = cpu_list<CombineRowsFn>("combine_rows", run_combine<kGatherAvx512>, run_combine<kGatherAvx2>,
                                             run_combine<kGatherReference>);
  return list;
}

ImplementationList<CombineRowsBackwardFn>& combine_rows_backward_list() {
  static auto list =
      cpu_list<CombineRowsBackwardFn>("combine_rows_backward", run_combine_backward<kGatherAvx512>,
                                      run_combine_backward<kGatherAvx2>, run_combine_backward<kGatherReference>);
  return list;
}

void gather_rows(const PairList& pairs, const Tensor& x, const Tensor& rows) {
  check_pairs("gather_rows", pairs, "x", x, "rows", rows);
  gather_rows_list().choose(x.device()).run(pairs, x, rows);
}

void gather_rows_backward(const PairList& pairs, const Tensor& drows, const Tensor& dx) {
  check_pairs("gather_rows_backward", pairs, "dx", dx, "drows", drows);
  gather_rows_backward_list().choose(dx.device()).run(pairs, drows, dx);
}

void combine_rows(const PairList& pairs, const Tensor& rows, const Tensor& y) {
  check_pairs("combine_rows", pairs, "y", y, "rows", rows);
  combine_rows_list().choose(y.device()).run(pairs, rows, y);
}

void combine_rows_backward(const PairList& pairs, const Tensor& rows, const Tensor& dy, const Tensor& drows,
                           const Tensor& dweight) {
  check_pairs("combine_rows_backward", pairs, "dy", dy, "rows", rows);
  check_same_matrix("combine_rows_backward", "rows", rows, "drows", drows);
  check_rows("combine_rows_backward", "rows", rows, "dweight", dweight);
  combine_rows_backward_list().choose(dy.device()).run(pairs, rows, dy, drows, dweight);
}

}  // namespace moescope
