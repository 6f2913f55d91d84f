// Checks, threads and the choice of implementation for the small sums.
#include "compute/ops/reduce/reduce.h"

#include <cstring>
#include <string>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/reduce/reduce_implementations.h"
#include "compute/ops/reduce/reduce_kernels.h"

namespace moescope {
namespace {

// Threads share out columns, not rows: each sum is added by one thread in row order, whatever the number of threads. A
// stretch is at least a cache line.
int64_t column_grain(int64_t rows) { return std::max<int64_t>(16, row_grain(rows)); }

template <const ReduceKernels& kernels>
void run_add_column_sums(const Tensor& x, const Tensor& sum) {
  const int64_t n = columns_of(x), rows = rows_of(x);
  parallel_for(n, column_grain(rows), [&](int64_t begin, int64_t end, int) {
    kernels.column_sums(x.f32() + begin, rows, n, end - begin, 1, true, sum.f32() + begin);
  });
}

template <const ReduceKernels& kernels>
void run_add_column_sums_grouped(const Tensor& x, const int32_t* offset, const Tensor& sum) {
  const int64_t n = columns_of(x), experts = rows_of(sum);
  parallel_for(n, column_grain(rows_of(x)), [&](int64_t begin, int64_t end, int) {
    for (int64_t e = 0; e < experts; ++e)
      kernels.column_sums(x.f32() + offset[e] * n + begin, offset[e + 1] - offset[e], n, end - begin, 1, true,
                          sum.f32() + e * n + begin);
  });
}

template <const ReduceKernels& kernels>
void run_add(const Tensor& x, const Tensor& y) {
  parallel_for(x.size(), kGrain,
               [&](int64_t begin, int64_t end, int) { kernels.add(x.f32() + begin, y.f32() + begin, end - begin); });
}

template <const ReduceKernels& kernels>
void run_add_to_each(const Tensor& table, const Tensor& x, int64_t images) {
  parallel_for(images, row_grain(table.size()), [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) kernels.add(table.f32(), x.f32() + n * table.size(), table.size());
  });
}

template <const ReduceKernels& kernels>
void run_add_to_each_backward(const Tensor& dx, const Tensor& table, int64_t images) {
  parallel_for(table.size(), column_grain(images), [&](int64_t begin, int64_t end, int) {
    kernels.column_sums(dx.f32() + begin, images, table.size(), end - begin, 1, true, table.f32() + begin);
  });
}

template <const ReduceKernels& kernels>
void run_mean_rows(const Tensor& x, int64_t images, const Tensor& mean) {
  const int64_t d = columns_of(x), rows = rows_of(x) / images;
  parallel_for(images, row_grain(rows * d), [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n)
      kernels.column_sums(x.f32() + n * rows * d, rows, d, d, 1 / static_cast<float>(rows), false, mean.f32() + n * d);
  });
}

template <const ReduceKernels& kernels>
void run_mean_rows_backward(const Tensor& dmean, int64_t images, const Tensor& dx) {
  const int64_t d = columns_of(dx), rows = rows_of(dx) / images;
  parallel_for(images, row_grain(rows * d), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin * rows; r < end * rows; ++r)
      kernels.multiply(dmean.f32() + r / rows * d, 1 / static_cast<float>(rows), dx.f32() + r * d, d);
  });
}

void run_fill(const Tensor& x, float value) {
  parallel_for(x.size(), 4 * kGrain,
               [&](int64_t begin, int64_t end, int) { std::fill(x.f32() + begin, x.f32() + end, value); });
}

void run_copy(const Tensor& from, const Tensor& to) {
  parallel_for(from.size(), 4 * kGrain, [&](int64_t begin, int64_t end, int) {
    std::memcpy(to.f32() + begin, from.f32() + begin, static_cast<size_t>(end - begin) * sizeof(float));
  });
}

template <const ReduceKernels& kernels>
void run_scale(const Tensor& x, float factor) {
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    kernels.multiply(x.f32() + begin, factor, x.f32() + begin, end - begin);
  });
}

template <const ReduceKernels& kernels>
void run_round_to_bf16(const Tensor& x, const Tensor& y) {
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    kernels.round_to_bf16(x.f32() + begin, y.f32() + begin, end - begin);
  });
}

void check_images(const char* op, int64_t images, const char* a_name, const Tensor& a, const char* b_name,
                  const Tensor& b, bool ok) {
  check_shape(images > 0 && ok, [&] {
    return std::string(op) + ": " + describe(a_name, a) + " and " + describe(b_name, b) + " disagree for " +
           std::to_string(images) + " images: expected the same rows for each image";
  });
}

}  // namespace

ImplementationList<AddColumnSumsFn>& add_column_sums_list() {
  static auto list = cpu_list<AddColumnSumsFn>("add_column_sums", run_add_column_sums<kReduceAvx512>,
                                               run_add_column_sums<kReduceAvx2>, run_add_column_sums<kReduceReference>);
  return list;
}
ImplementationList<AddColumnSumsGroupedFn>& add_column_sums_grouped_list() {
  static auto list = cpu_list<AddColumnSumsGroupedFn>(
      "add_column_sums_grouped", run_add_column_sums_grouped<kReduceAvx512>, run_add_column_sums_grouped<kReduceAvx2>,
      run_add_column_sums_grouped<kReduceReference>);
  return list;
}
ImplementationList<AddFn>& add_list() {
  static auto list = cpu_list<AddFn>("add", run_add<kReduceAvx512>, run_add<kReduceAvx2>, run_add<kReduceReference>);
  return list;
}
ImplementationList<AddToEachFn>& add_to_each_list() {
  static auto list = cpu_list<AddToEachFn>("add_to_each", run_add_to_each<kReduceAvx512>, run_add_to_each<kReduceAvx2>,
                                           run_add_to_each<kReduceReference>);
  return list;
}
ImplementationList<AddToEachBackwardFn>& add_to_each_backward_list() {
  static auto list =
      cpu_list<AddToEachBackwardFn>("add_to_each_backward", run_add_to_each_backward<kReduceAvx512>,
                                    run_add_to_each_backward<kReduceAvx2>, run_add_to_each_backward<kReduceReference>);
  return list;
}
ImplementationList<MeanRowsFn>& mean_rows_list() {
  static auto list = cpu_list<MeanRowsFn>("mean_rows", run_mean_rows<kReduceAvx512>, run_mean_rows<kReduceAvx2>,
                                          run_mean_rows<kReduceReference>);
  return list;
}
ImplementationList<MeanRowsBackwardFn>& mean_rows_backward_list() {
  static auto list =
      cpu_list<MeanRowsBackwardFn>("mean_rows_backward", run_mean_rows_backward<kReduceAvx512>,
                                   run_mean_rows_backward<kReduceAvx2>, run_mean_rows_backward<kReduceReference>);
  return list;
}
ImplementationList<FillFn>& fill_list() {
  static auto list = cpu_list<FillFn>("fill", run_fill);
  return list;
}
ImplementationList<CopyFn>& copy_list() {
  static auto list = cpu_list<CopyFn>("copy", run_copy);
  return list;
}
ImplementationList<ScaleFn>& scale_list() {
  static auto list =
      cpu_list<ScaleFn>("scale", run_scale<kReduceAvx512>, run_scale<kReduceAvx2>, run_scale<kReduceReference>);
  return list;
}
ImplementationList<RoundToBf16Fn>& round_to_bf16_list() {
  static auto list = cpu_list<RoundToBf16Fn>("round_to_bf16", run_round_to_bf16<kReduceAvx512>,
                                             run_round_to_bf16<kReduceAvx2>, run_round_to_bf16<kReduceReference>);
  return list;
}

void add_column_sums(const Tensor& x, const Tensor& sum) {
  check_columns("add_column_sums", "x", x, "sum", sum);
  add_column_sums_list().choose(x.device()).run(x, sum);
}

void add_column_sums_grouped(const Tensor& x, const int32_t* offset, const Tensor& sum) {
  check_pair(x.rank() > 0 && sum.rank() == 2 && x.dim(-1) == sum.dim(1), "add_column_sums_grouped", "x", x, "sum", sum,
             "(R,N) and (E,N)");
  add_column_sums_grouped_list().choose(x.device()).run(x, offset, sum);
}

void add(const Tensor& x, const Tensor& y) {
  check_same_size("add", "x", x, "y", y);
  add_list().choose(x.device()).run(x, y);
}

void add_to_each(const Tensor& table, const Tensor& x, int64_t images) {
  check_images("add_to_each", images, "table", table, "x", x, table.size() * images == x.size());
  add_to_each_list().choose(x.device()).run(table, x, images);
}

void add_to_each_backward(const Tensor& dx, const Tensor& table, int64_t images) {
  check_images("add_to_each_backward", images, "dx", dx, "table", table, table.size() * images == dx.size());
  add_to_each_backward_list().choose(dx.device()).run(dx, table, images);
}

void mean_rows(const Tensor& x, int64_t images, const Tensor& mean) {
  check_images("mean_rows", images, "x", x, "mean", mean,
               x.rank() > 0 && x.size() > 0 && rows_of(x) % images == 0 && mean.size() == images * columns_of(x));
  mean_rows_list().choose(x.device()).run(x, images, mean);
}

void mean_rows_backward(const Tensor& dmean, int64_t images, const Tensor& dx) {
  check_images("mean_rows_backward", images, "dmean", dmean, "dx", dx,
               dx.rank() > 0 && dx.size() > 0 && rows_of(dx) % images == 0 && dmean.size() == images * columns_of(dx));
  mean_rows_backward_list().choose(dx.device()).run(dmean, images, dx);
}

void fill(const Tensor& x, float value) { fill_list().choose(x.device()).run(x, value); }

void copy(const Tensor& from, const Tensor& to) {
  check_same_size("copy", "from", from, "to", to);
  copy_list().choose(from.device()).run(from, to);
}

void scale(const Tensor& x, float factor) { scale_list().choose(x.device()).run(x, factor); }

void round_to_bf16(const Tensor& x, const Tensor& y) {
  check_same_size("round_to_bf16", "x", x, "y", y);
  round_to_bf16_list().choose(x.device()).run(x, y);
}

}  // namespace moescope
