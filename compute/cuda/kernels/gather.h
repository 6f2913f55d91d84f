// Sparse dispatch and combine by index, on a GPU; every sum over a token's slots is one thread's, in order. Twin of
// compute/ops/gather.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "compute/cuda/kernels/slots.h"

namespace moescope::cuda {

/// rows[slot,:] = x[token[slot],:], zeros for an empty slot; of the table only token is read. x (T,D), rows (E*G*C,D)
/// overwritten; either of rows and rows_bf16 may be null.
struct DispatchArguments {
  SlotTable slots;
  const float* x;
  float* rows;
  uint16_t* rows_bf16;
  int64_t columns;
};
cudaError_t launch_dispatch(const DispatchArguments& a, cudaStream_t stream);

/// dx[t,:] += sum over t's slots of drows[slot,:].
struct DispatchBackwardArguments {
  SlotTable slots;
  const float* drows;
  float* dx;
  int64_t columns;
};
cudaError_t launch_dispatch_backward(const DispatchBackwardArguments& a, cudaStream_t stream);

/// y[t,:] = sum over t's slots of weight[slot] * rows[slot,:], overwritten; zeros for a token without slots.
struct CombineArguments {
  SlotTable slots;
  const float* rows;
  float* y;
  int64_t columns;
};
cudaError_t launch_combine(const CombineArguments& a, cudaStream_t stream);

/// drows[slot,:] = weight[slot] * dy[token,:] and dweight[slot] = dot(dy[token,:], rows[slot,:]), both overwritten, 0
/// for empty slots. drows may be rows.
struct CombineBackwardArguments {
  SlotTable slots;
  const float *rows, *dy;
  float *drows, *dweight;
  int64_t columns;
};
cudaError_t launch_combine_backward(const CombineBackwardArguments& a, cudaStream_t stream);

/// dgates (T,E) overwritten: dweight of the token's slot with that expert, otherwise 0.
struct GateGradientArguments {
  SlotTable slots;
  const float* dweight;
  float* dgates;
};
cudaError_t launch_gate_gradient(const GateGradientArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
