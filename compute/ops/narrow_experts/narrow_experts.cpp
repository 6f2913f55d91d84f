// Checks, threads and the choice of implementation for narrow experts.
#include "compute/ops/narrow_experts/narrow_experts.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/narrow_experts/narrow_experts_implementations.h"
#include "compute/ops/narrow_experts/narrow_experts_kernels.h"
#include "compute/ops/scratch.h"

namespace moescope {
namespace {

constexpr int64_t kWorthAThread = 200'000;  // multiplications: about as much work as waking one

NarrowExpert shape_of(const ExpertTensors& t) { return {t.w1.dim(1), t.w1.dim(2)}; }

ExpertNumbers numbers_of(const ExpertTensors& t, int64_t e) {
  const NarrowExpert s = shape_of(t);
  return {t.w1.f32() + e * s.width * s.hidden, t.b1.f32() + e * s.hidden, t.w2.f32() + e * s.width * s.hidden,
          t.b2.f32() + e * s.width};
}

ExpertGradients gradients_of(const ExpertTensors& t, int64_t e) {
  const NarrowExpert s = shape_of(t);
  return {t.w1.f32() + e * s.width * s.hidden, t.b1.f32() + e * s.hidden, t.w2.f32() + e * s.width * s.hidden,
          t.b2.f32() + e * s.width};
}

template <const NarrowExpertKernels& kernels>
void run_forward(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                 const Tensor& y) {
  const NarrowExpert s = shape_of(experts);
  const int64_t grain = std::max<int64_t>(1, kWorthAThread / (2 * s.width * s.hidden));
  parallel_for(x.dim(0), grain, [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    float* floats = scratch.floats(kernels.forward_scratch(s));
    for (int64_t e = 0; e < experts.w1.dim(0); ++e) {
      const int64_t first = std::max<int64_t>(begin, offset[e]), last = std::min<int64_t>(end, offset[e + 1]);
      if (first < last)
        kernels.forward(s, last - first, x.f32() + first * s.width, numbers_of(experts, e),
                        hidden.empty() ? nullptr : hidden.f32() + first * s.hidden, y.f32() + first * s.width, floats);
    }
  });
}

template <const NarrowExpertKernels& kernels>
void run_backward(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                  const Tensor& dy, const Tensor& dx, const ExpertTensors& gradients) {
  const NarrowExpert s = shape_of(experts);
  const int64_t num_experts = experts.w1.dim(0), work = 4 * x.dim(0) * s.width * s.hidden;
  // By experts, so that no sum is split between threads.
  parallel_for(num_experts, work > kWorthAThread ? 1 : num_experts, [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    float* floats = scratch.floats(kernels.backward_scratch(s));
    for (int64_t e = begin; e < end; ++e) {
      const int64_t first = offset[e], rows = offset[e + 1] - first;
      if (rows > 0)
        kernels.backward(s, rows, x.f32() + first * s.width, numbers_of(experts, e), hidden.f32() + first * s.hidden,
                         dy.f32() + first * s.width, dx.f32() + first * s.width, gradients_of(gradients, e), floats);
    }
  });
}

void check(const char* op, const Tensor& x, const int32_t* offset, const ExpertTensors& t, const Tensor& hidden,
           const Tensor& y) {
  check_pair(x.rank() == 2 && t.w1.rank() == 3 && x.dim(1) == t.w1.dim(1) && offset[t.w1.dim(0)] == x.dim(0), op, "x",
             x, "w1", t.w1, "(R,D) and (E,D,H), with offsets that cover the rows");
  check_same_size(op, "w1", t.w1, "w2", t.w2);
  check_pair(t.b1.size() == t.w1.dim(0) * t.w1.dim(2) && t.b2.size() == t.w1.dim(0) * t.w1.dim(1), op, "b1", t.b1, "b2",
             t.b2, "(E,H) and (E,D)");
  check_same_matrix(op, "x", x, "y", y);
  check_pair(hidden.empty() || hidden.size() == x.dim(0) * t.w1.dim(2), op, "x", x, "hidden", hidden,
             "(R,D) and (R,H)");
}

}  // namespace

ImplementationList<NarrowExpertsFn>& narrow_experts_list() {
  static auto list = cpu_list<NarrowExpertsFn>("narrow_experts", run_forward<kNarrowExpertAvx512>,
                                               run_forward<kNarrowExpertAvx2>, run_forward<kNarrowExpertReference>);
  return list;
}

ImplementationList<NarrowExpertsBackwardFn>& narrow_experts_backward_list() {
  static auto list =
      cpu_list<NarrowExpertsBackwardFn>("narrow_experts_backward", run_backward<kNarrowExpertAvx512>,
                                        run_backward<kNarrowExpertAvx2>, run_backward<kNarrowExpertReference>);
  return list;
}

void narrow_experts(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                    const Tensor& y) {
  check("narrow_experts", x, offset, experts, hidden, y);
  narrow_experts_list().choose(x.device()).run(x, offset, experts, hidden, y);
  count_flops(4 * x.size() * experts.w1.dim(2));
}

void narrow_experts_backward(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                             const Tensor& dy, const Tensor& dx, const ExpertTensors& gradients) {
  check("narrow_experts_backward", x, offset, experts, hidden, dy);
  check_same_matrix("narrow_experts_backward", "dy", dy, "dx", dx);
  check_pair(gradients.w1.size() == experts.w1.size() && gradients.w2.size() == experts.w2.size() && !hidden.empty(),
             "narrow_experts_backward", "w1", experts.w1, "its gradient", gradients.w1,
             "the same shape, and a hidden layer");
  narrow_experts_backward_list().choose(x.device()).run(x, offset, experts, hidden, dy, dx, gradients);
  count_flops(8 * x.size() * experts.w1.dim(2));
}

}  // namespace moescope
