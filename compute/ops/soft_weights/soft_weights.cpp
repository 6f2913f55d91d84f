// Checks, threads and the choice of implementation for Soft MoE's weights: one unit of work is one group.
#include "compute/ops/soft_weights/soft_weights.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/scratch.h"
#include "compute/ops/soft_weights/soft_weights_implementations.h"
#include "compute/ops/soft_weights/soft_weights_kernels.h"

namespace moescope {
namespace {

// body(offset of the group's first number, scratch)
template <class Body>
void for_each_group(const Tensor& weights, Body&& body) {
  const int64_t group = weights.dim(1) * weights.dim(2);
  if (group == 0) return;
  parallel_for(weights.dim(0), row_grain(group), [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    for (int64_t g = begin; g < end; ++g) body(g * group, scratch.floats(weights.dim(2)));
  });
}

template <const SoftWeightsKernels& kernels>
void run_forward(const Tensor& logits, const Tensor& dispatch, const Tensor& combine) {
  for_each_group(logits, [&](int64_t at, float* scratch) {
    kernels.forward(logits.f32() + at, dispatch.f32() + at, combine.f32() + at, logits.dim(1), logits.dim(2), scratch);
  });
}

template <const SoftWeightsKernels& kernels>
void run_backward(const Tensor& dispatch, const Tensor& combine, const Tensor& ddispatch, const Tensor& dcombine,
                  const Tensor& dlogits) {
  for_each_group(dispatch, [&](int64_t at, float* scratch) {
    kernels.backward(dispatch.f32() + at, combine.f32() + at, ddispatch.f32() + at, dcombine.f32() + at,
                     dlogits.f32() + at, dispatch.dim(1), dispatch.dim(2), scratch);
  });
}

}  // namespace

ImplementationList<SoftWeightsFn>& soft_weights_list() {
  static auto list = cpu_list<SoftWeightsFn>("soft_weights", run_forward<kSoftWeightsAvx512>,
                                             run_forward<kSoftWeightsAvx2>, run_forward<kSoftWeightsReference>);
  return list;
}

ImplementationList<SoftWeightsBackwardFn>& soft_weights_backward_list() {
  static auto list =
      cpu_list<SoftWeightsBackwardFn>("soft_weights_backward", run_backward<kSoftWeightsAvx512>,
                                      run_backward<kSoftWeightsAvx2>, run_backward<kSoftWeightsReference>);
  return list;
}

void soft_weights(const Tensor& logits, const Tensor& dispatch, const Tensor& combine) {
  const char* op = "soft_weights";
  check_pair(logits.rank() == 3 && logits.size() == dispatch.size(), op, "logits", logits, "dispatch", dispatch,
             "both (G,S,Q)");
  check_same_size(op, "logits", logits, "combine", combine);
  soft_weights_list().choose(logits.device()).run(logits, dispatch, combine);
}

void soft_weights_backward(const Tensor& dispatch, const Tensor& combine, const Tensor& ddispatch,
                           const Tensor& dcombine, const Tensor& dlogits) {
  const char* op = "soft_weights_backward";
  check_pair(dispatch.rank() == 3 && dispatch.size() == combine.size(), op, "dispatch", dispatch, "combine", combine,
             "both (G,S,Q)");
  check_same_size(op, "dispatch", dispatch, "ddispatch", ddispatch);
  check_same_size(op, "combine", combine, "dcombine", dcombine);
  check_same_size(op, "dispatch", dispatch, "dlogits", dlogits);
  soft_weights_backward_list().choose(dispatch.device()).run(dispatch, combine, ddispatch, dcombine, dlogits);
}

}  // namespace moescope
