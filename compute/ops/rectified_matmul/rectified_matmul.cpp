// Checks, threads and the choice of implementation for products of rectified rows.
#include "compute/ops/rectified_matmul/rectified_matmul.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/rectified_matmul/rectified_matmul_implementations.h"
#include "compute/ops/rectified_matmul/rectified_matmul_kernels.h"

namespace moescope {
namespace {

constexpr int64_t kWorthAThread = 400'000;  // multiplications, of which about half are done

template <const RectifiedMatmulKernels& kernels>
void run_forward(const Tensor& a, const Tensor& b, const Tensor& bias, const Tensor& y) {
  const int64_t depth = a.dim(1), columns = b.dim(1);
  parallel_for(a.dim(0), kWorthAThread / (depth * columns + 1) + 1, [&](int64_t begin, int64_t end, int) {
    kernels.forward(end - begin, depth, columns, a.f32() + begin * depth, b.f32(), bias.f32(),
                    y.f32() + begin * columns);
  });
}

template <const RectifiedMatmulKernels& kernels>
void run_weights(const Tensor& a, const Tensor& dy, const Tensor& db) {
  const int64_t rows = a.dim(0), depth = a.dim(1), columns = dy.dim(1);
  parallel_for(depth, kWorthAThread / (rows * columns + 1) + 1, [&](int64_t begin, int64_t end, int) {
    kernels.weights(rows, depth, columns, a.f32(), dy.f32(), db.f32(), begin, end);
  });
}

}  // namespace

ImplementationList<RectifiedMatmulFn>& rectified_matmul_list() {
  static auto list =
      cpu_list<RectifiedMatmulFn>("rectified_matmul", run_forward<kRectifiedMatmulAvx512>,
                                  run_forward<kRectifiedMatmulAvx2>, run_forward<kRectifiedMatmulReference>);
  return list;
}

ImplementationList<RectifiedMatmulWeightsFn>& rectified_matmul_weights_list() {
  static auto list =
      cpu_list<RectifiedMatmulWeightsFn>("rectified_matmul_weights", run_weights<kRectifiedMatmulAvx512>,
                                         run_weights<kRectifiedMatmulAvx2>, run_weights<kRectifiedMatmulReference>);
  return list;
}

void rectified_matmul(const Tensor& a, const Tensor& b, const Tensor& bias, const Tensor& y) {
  check_pair(a.rank() == 2 && b.rank() == 2 && a.dim(1) == b.dim(0), "rectified_matmul", "a", a, "b", b,
             "(M,K) and (K,N)");
  check_columns("rectified_matmul", "b", b, "bias", bias);
  check_pair(y.rank() == 2 && y.dim(0) == a.dim(0) && y.dim(1) == b.dim(1), "rectified_matmul", "a", a, "y", y,
             "(M,K) and (M,N)");
  rectified_matmul_list().choose(a.device()).run(a, b, bias, y);
  count_flops(2 * a.size() * b.dim(1));
}

void rectified_matmul_weights(const Tensor& a, const Tensor& dy, const Tensor& db) {
  check_pair(a.rank() == 2 && dy.rank() == 2 && a.dim(0) == dy.dim(0), "rectified_matmul_weights", "a", a, "dy", dy,
             "(M,K) and (M,N)");
  check_pair(db.rank() == 2 && db.dim(0) == a.dim(1) && db.dim(1) == dy.dim(1), "rectified_matmul_weights", "a", a,
             "db", db, "(M,K) and (K,N)");
  rectified_matmul_weights_list().choose(a.device()).run(a, dy, db);
  count_flops(2 * a.size() * dy.dim(1));
}

}  // namespace moescope
