// One warp a row: slots that fetch from tokens, and tokens that walk their slots in order.
#include "compute/cuda/kernels/gather.h"

#include "compute/cuda/kernels/slot_table.cuh"

namespace moescope::cuda {
namespace {

__global__ void dispatch_rows(DispatchArguments a) {
  const int64_t slot = row_of_warp(), at = slot * a.columns;
  if (slot >= slots_in(a.slots)) return;
  const int64_t token = a.slots.token[slot];
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) {
    const float x = token < 0 ? 0 : a.x[token * a.columns + i];
    if (a.rows) a.rows[at + i] = x;
    if (a.rows_bf16) a.rows_bf16[at + i] = to_bf16_bits(x);
  }
}

/// visit(slot) for each of a token's slots, in order, by the whole warp. Lanes look at 32 entries at once: with Experts
/// Choice most are empty.
template <class Visit>
__device__ void for_slots(const SlotTable& s, int64_t token, Visit visit) {
  for (int64_t first = 0; first < s.choices; first += kWarp) {
    const int64_t mine = first + threadIdx.x;
    const int32_t slot = mine < s.choices ? s.token_slots[token * s.choices + mine] : -1;
    for (unsigned taken = __ballot_sync(kAllLanes, slot >= 0); taken != 0; taken &= taken - 1)
      visit(static_cast<int64_t>(__shfl_sync(kAllLanes, slot, __ffs(static_cast<int>(taken)) - 1)));
  }
}

constexpr int kColumnsAtOnce = 4;  // per lane: one walk over the slots serves 128 columns

/// sum over the token's slots of weight * rows, 128 columns at a time; store(column, sum).
template <class Weight, class Store>
__device__ void add_slots(const SlotTable& s, int64_t token, const float* rows, int64_t columns, Weight weight,
                          Store store) {
  for (int64_t first = threadIdx.x; first - threadIdx.x < columns; first += kWarp * kColumnsAtOnce) {
    float sum[kColumnsAtOnce] = {};
    for_slots(s, token, [&](int64_t slot) {
      const float w = weight(slot);
      for (int c = 0; c < kColumnsAtOnce; ++c) {
        const int64_t column = first + c * kWarp;
        if (column < columns) sum[c] += w * rows[slot * columns + column];
      }
    });
    for (int c = 0; c < kColumnsAtOnce; ++c)
      if (first + c * kWarp < columns) store(first + c * kWarp, sum[c]);
  }
}

__global__ void dispatch_rows_backward(DispatchBackwardArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.slots.tokens) return;
  float* dx = a.dx + token * a.columns;
  add_slots(
      a.slots, token, a.drows, a.columns, [](int64_t) { return 1.0f; },
      [&](int64_t column, float sum) { dx[column] += sum; });
}

__global__ void combine_rows(CombineArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.slots.tokens) return;
  float* y = a.y + token * a.columns;
  add_slots(
      a.slots, token, a.rows, a.columns, [&](int64_t slot) { return a.slots.weight[slot]; },
      [&](int64_t column, float sum) { y[column] = sum; });
}

__global__ void combine_rows_backward(CombineBackwardArguments a) {
  const int64_t slot = row_of_warp(), at = slot * a.columns;
  if (slot >= slots_in(a.slots)) return;
  const int64_t token = a.slots.token[slot];
  const float weight = a.slots.weight[slot];
  float dot = 0;
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) {
    const float dy = token < 0 ? 0 : a.dy[token * a.columns + i];
    if (token >= 0) dot += dy * a.rows[at + i];  // an empty slot's row holds whatever the bias made of zeros
    a.drows[at + i] = weight * dy;
  }
  dot = warp_sum(dot);
  if (threadIdx.x == 0) a.dweight[slot] = dot;
}

__global__ void gate_gradients(GateGradientArguments a) {
  const int64_t token = row_of_warp(), experts = a.slots.experts;
  if (token >= a.slots.tokens) return;
  float* dgates = a.dgates + token * experts;
  for (int64_t e = threadIdx.x; e < experts; e += kWarp) dgates[e] = 0;
  for_slots(a.slots, token, [&](int64_t slot) {
    const int64_t e = slot / (a.slots.groups * a.slots.capacity);
    if (e % kWarp == threadIdx.x) dgates[e] = a.dweight[slot];  // the lane that wrote the zero
  });
}

}  // namespace

cudaError_t launch_dispatch(const DispatchArguments& a, cudaStream_t stream) {
  return a.slots.num_slots() == 0 ? cudaSuccess : launch(dispatch_rows, warp_per_row(a.slots.num_slots()), stream, a);
}

cudaError_t launch_dispatch_backward(const DispatchBackwardArguments& a, cudaStream_t stream) {
  return a.slots.tokens == 0 ? cudaSuccess : launch(dispatch_rows_backward, warp_per_row(a.slots.tokens), stream, a);
}

cudaError_t launch_combine(const CombineArguments& a, cudaStream_t stream) {
  return a.slots.tokens == 0 ? cudaSuccess : launch(combine_rows, warp_per_row(a.slots.tokens), stream, a);
}

cudaError_t launch_combine_backward(const CombineBackwardArguments& a, cudaStream_t stream) {
  return a.slots.num_slots() == 0 ? cudaSuccess
                                  : launch(combine_rows_backward, warp_per_row(a.slots.num_slots()), stream, a);
}

cudaError_t launch_gate_gradient(const GateGradientArguments& a, cudaStream_t stream) {
  return a.slots.tokens == 0 ? cudaSuccess : launch(gate_gradients, warp_per_row(a.slots.tokens), stream, a);
}

}  // namespace moescope::cuda
