// Checks, threads and the choice of implementation for softmax.
#include "compute/ops/softmax/softmax.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/softmax/softmax_implementations.h"
#include "compute/ops/softmax/softmax_kernels.h"

namespace moescope {
namespace {

template <const SoftmaxKernels& kernels>
void run_forward(const Tensor& x, const Tensor& y) {
  const int64_t n = columns_of(x);
  parallel_for(rows_of(x), row_grain(n), [&](int64_t begin, int64_t end, int) {
    kernels.forward(x.f32() + begin * n, y.f32() + begin * n, end - begin, n);
  });
}

template <const SoftmaxKernels& kernels>
void run_backward(const Tensor& y, const Tensor& dy, const Tensor& dx) {
  const int64_t n = columns_of(y);
  parallel_for(rows_of(y), row_grain(n), [&](int64_t begin, int64_t end, int) {
    kernels.backward(y.f32() + begin * n, dy.f32() + begin * n, dx.f32() + begin * n, end - begin, n);
  });
}

}  // namespace

ImplementationList<SoftmaxFn>& softmax_list() {
  static auto list = cpu_list<SoftmaxFn>("softmax", run_forward<kSoftmaxAvx512>, run_forward<kSoftmaxAvx2>,
                                         run_forward<kSoftmaxReference>);
  return list;
}

ImplementationList<SoftmaxBackwardFn>& softmax_backward_list() {
  static auto list = cpu_list<SoftmaxBackwardFn>("softmax_backward", run_backward<kSoftmaxAvx512>,
                                                 run_backward<kSoftmaxAvx2>, run_backward<kSoftmaxReference>);
  return list;
}

void softmax(const Tensor& x, const Tensor& y) {
  check_same_matrix("softmax", "x", x, "y", y);
  softmax_list().choose(x.device()).run(x, y);
}

void softmax_backward(const Tensor& y, const Tensor& dy, const Tensor& dx) {
  check_same_matrix("softmax_backward", "y", y, "dy", dy);
  check_same_matrix("softmax_backward", "y", y, "dx", dx);
  softmax_backward_list().choose(y.device()).run(y, dy, dx);
}

}  // namespace moescope
