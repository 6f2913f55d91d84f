// Checks, threads and the choice of implementation for the classification losses.
#include "compute/ops/cross_entropy/cross_entropy.h"

#include <vector>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/cross_entropy/cross_entropy_implementations.h"
#include "compute/ops/cross_entropy/cross_entropy_kernels.h"

namespace moescope {
namespace {

template <const CrossEntropyKernels& kernels>
double run_cross_entropy(LossKind kind, const Tensor& logits, const Tensor& targets, const Tensor& dlogits,
                         float gradient_scale) {
  CrossEntropyRows* rows_loss = kind == LossKind::softmax ? kernels.softmax : kernels.sigmoid;
  const int64_t classes = columns_of(logits);
  thread_local std::vector<double> parts;
  parts.assign(static_cast<size_t>(cpu_pool().num_threads()), 0.0);
  double* part = parts.data();  // the workers have a vector of their own by that name
  parallel_for(rows_of(logits), row_grain(classes), [&](int64_t begin, int64_t end, int thread) {
    part[thread] =
        rows_loss(logits.f32() + begin * classes, targets.f32() + begin * classes,
                  dlogits.empty() ? nullptr : dlogits.f32() + begin * classes, gradient_scale, end - begin, classes);
  });
  double loss = 0;
  for (double one : parts) loss += one;
  return loss;
}

}  // namespace

ImplementationList<CrossEntropyFn>& cross_entropy_list() {
  static auto list =
      cpu_list<CrossEntropyFn>("cross_entropy", run_cross_entropy<kCrossEntropyAvx512>,
                               run_cross_entropy<kCrossEntropyAvx2>, run_cross_entropy<kCrossEntropyReference>);
  return list;
}

double cross_entropy(LossKind kind, const Tensor& logits, const Tensor& targets, const Tensor& dlogits,
                     float gradient_scale) {
  check_same_matrix("cross_entropy", "logits", logits, "targets", targets);
  if (!dlogits.empty()) check_same_matrix("cross_entropy", "logits", logits, "dlogits", dlogits);
  return cross_entropy_list().choose(logits.device()).run(kind, logits, targets, dlogits, gradient_scale);
}

}  // namespace moescope
