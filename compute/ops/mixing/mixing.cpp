// Checks, threads and the choice of implementation for dispatch and combine.
#include "compute/ops/mixing/mixing.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/mixing/mixing_implementations.h"
#include "compute/ops/mixing/mixing_kernels.h"
#include "compute/ops/scratch.h"

namespace moescope {
namespace {

struct Mixing {
  MixingGroup group;
  int64_t groups;

  int64_t weights_of(int64_t g) const { return g * group.tokens * group.experts * group.slots_per_expert; }
  int64_t tokens_of(int64_t g) const { return g * group.tokens * group.width; }
  int64_t slots_of(int64_t g) const { return g * group.slots_per_expert * group.width; }  // of expert 0
};

Mixing mixing_of(const Tensor& weights, const Tensor& slots) {
  const int64_t groups = weights.dim(0), experts = slots.dim(0);
  return {{.tokens = weights.dim(1),
           .experts = experts,
           .slots_per_expert = weights.dim(2) / experts,
           .width = slots.dim(2),
           .expert_rows = slots.dim(1)},
          groups};
}

// Calls body(group, begin, end, scratch) on parts of every group's units (experts or tokens): threads share even a
// single group.
template <class Body>
void for_group_parts(const MixingKernels& kernels, const Mixing& m, int64_t units, Body&& body) {
  if (units == 0) return;
  const int64_t group_work = m.group.tokens * m.group.experts * m.group.slots_per_expert * m.group.width;
  const int64_t grain = std::max<int64_t>(1, 50000 * units / std::max<int64_t>(1, group_work));
  parallel_for(m.groups * units, grain, [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    float* floats = scratch.floats(kernels.scratch_floats(m.group));
    while (begin < end) {
      const int64_t g = begin / units, first = begin % units, last = std::min(units, first + end - begin);
      body(g, first, last, floats);
      begin += last - first;
    }
  });
}

template <const MixingKernels& kernels>
void to_slots(const Mixing& m, const Tensor& weights, const Tensor& x, const Tensor& slots) {
  for_group_parts(kernels, m, m.group.experts, [&](int64_t g, int64_t begin, int64_t end, float* scratch) {
    kernels.to_slots(m.group, weights.f32() + m.weights_of(g), x.f32() + m.tokens_of(g), slots.f32() + m.slots_of(g),
                     begin, end, scratch);
  });
}

template <const MixingKernels& kernels>
void to_tokens(const Mixing& m, const Tensor& weights, const Tensor& slots, const Tensor& y, bool accumulate) {
  for_group_parts(kernels, m, m.group.tokens, [&](int64_t g, int64_t begin, int64_t end, float* scratch) {
    kernels.to_tokens(m.group, weights.f32() + m.weights_of(g), slots.f32() + m.slots_of(g), y.f32() + m.tokens_of(g),
                      accumulate, begin, end, scratch);
  });
}

template <const MixingKernels& kernels>
void products(const Mixing& m, const Tensor& x, const Tensor& slots, const Tensor& dweights) {
  for_group_parts(kernels, m, m.group.tokens, [&](int64_t g, int64_t begin, int64_t end, float* scratch) {
    kernels.products(m.group, x.f32() + m.tokens_of(g), slots.f32() + m.slots_of(g), dweights.f32() + m.weights_of(g),
                     begin, end, scratch);
  });
}

template <const MixingKernels& kernels>
void run_dispatch(const Tensor& weights, const Tensor& x, const Tensor& slots) {
  to_slots<kernels>(mixing_of(weights, slots), weights, x, slots);
}

template <const MixingKernels& kernels>
void run_dispatch_backward(const Tensor& weights, const Tensor& x, const Tensor& dslots, const Tensor& dweights,
                           const Tensor& dx) {
  const Mixing m = mixing_of(weights, dslots);
  products<kernels>(m, x, dslots, dweights);
  to_tokens<kernels>(m, weights, dslots, dx, true);
}

template <const MixingKernels& kernels>
void run_combine(const Tensor& weights, const Tensor& slots, const Tensor& y) {
  to_tokens<kernels>(mixing_of(weights, slots), weights, slots, y, false);
}

template <const MixingKernels& kernels>
void run_combine_backward(const Tensor& weights, const Tensor& slots, const Tensor& dy, const Tensor& dweights,
                          const Tensor& dslots) {
  const Mixing m = mixing_of(weights, slots);
  products<kernels>(m, dy, slots, dweights);
  to_slots<kernels>(m, weights, dy, dslots);
}

void check_mixing(const char* op, const Tensor& weights, const char* tokens_name, const Tensor& tokens,
                  const char* slots_name, const Tensor& slots) {
  check_pair(weights.rank() == 3 && slots.rank() == 3 && slots.dim(0) > 0 &&
                 weights.dim(0) * weights.dim(2) == slots.dim(0) * slots.dim(1) && weights.dim(2) % slots.dim(0) == 0,
             op, "weights", weights, slots_name, slots, "(G,S,E*P) and (E,G*P,D)");
  check_pair(tokens.rank() > 0 && tokens.size() == weights.dim(0) * weights.dim(1) * slots.dim(2) &&
                 tokens.dim(-1) == slots.dim(2),
             op, tokens_name, tokens, slots_name, slots, "(G*S,D) and (E,G*P,D), with G and S of weights");
}

int64_t flops(const Tensor& weights, const Tensor& slots) { return 2 * weights.size() * slots.dim(2); }

}  // namespace

ImplementationList<DispatchFn>& dispatch_list() {
  static auto list = cpu_list<DispatchFn>("dispatch", run_dispatch<kMixingAvx512>, run_dispatch<kMixingAvx2>,
                                          run_dispatch<kMixingReference>);
  return list;
}

ImplementationList<DispatchBackwardFn>& dispatch_backward_list() {
  static auto list =
      cpu_list<DispatchBackwardFn>("dispatch_backward", run_dispatch_backward<kMixingAvx512>,
                                   run_dispatch_backward<kMixingAvx2>, run_dispatch_backward<kMixingReference>);
  return list;
}

ImplementationList<CombineFn>& combine_list() {
  static auto list = cpu_list<CombineFn>("combine", run_combine<kMixingAvx512>, run_combine<kMixingAvx2>,
                                         run_combine<kMixingReference>);
  return list;
}

ImplementationList<CombineBackwardFn>& combine_backward_list() {
  static auto list =
      cpu_list<CombineBackwardFn>("combine_backward", run_combine_backward<kMixingAvx512>,
                                  run_combine_backward<kMixingAvx2>, run_combine_backward<kMixingReference>);
  return list;
}

void dispatch(const Tensor& weights, const Tensor& x, const Tensor& slots) {
  check_mixing("dispatch", weights, "x", x, "slots", slots);
  dispatch_list().choose(x.device()).run(weights, x, slots);
  count_flops(flops(weights, slots));
}

void dispatch_backward(const Tensor& weights, const Tensor& x, const Tensor& dslots, const Tensor& dweights,
                       const Tensor& dx) {
  check_mixing("dispatch_backward", weights, "x", x, "dslots", dslots);
  check_same_size("dispatch_backward", "weights", weights, "dweights", dweights);
  check_same_matrix("dispatch_backward", "x", x, "dx", dx);
  dispatch_backward_list().choose(x.device()).run(weights, x, dslots, dweights, dx);
  count_flops(2 * flops(weights, dslots));
}

void combine(const Tensor& weights, const Tensor& slots, const Tensor& y) {
  check_mixing("combine", weights, "y", y, "slots", slots);
  combine_list().choose(y.device()).run(weights, slots, y);
  count_flops(flops(weights, slots));
}

void combine_backward(const Tensor& weights, const Tensor& slots, const Tensor& dy, const Tensor& dweights,
                      const Tensor& dslots) {
  check_mixing("combine_backward", weights, "dy", dy, "slots", slots);
  check_same_size("combine_backward", "weights", weights, "dweights", dweights);
  check_pair(slots.shape() == dslots.shape(), "combine_backward", "slots", slots, "dslots", dslots, "the same shape");
  combine_backward_list().choose(dy.device()).run(weights, slots, dy, dweights, dslots);
  count_flops(2 * flops(weights, slots));
}

}  // namespace moescope
