// Cuts images into patches, on a GPU. Twin of compute/ops/patches; NUMERICS 4.1.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// images (count,height,width,channels) -> rows (count*gh*gw, patch*patch*channels), in the order (kh,kw,C), patches
/// row-major. patch divides height and width. rows_bf16 may be null, or rows.
struct PatchesArguments {
  const float* images;
  float* rows;
  uint16_t* rows_bf16;
  int64_t count, height, width, channels, patch;
};
cudaError_t launch_patches(const PatchesArguments& a, cudaStream_t stream);

/// The inverse: images overwritten from rows.
struct PatchesBackwardArguments {
  const float* drows;
  float* dimages;
  int64_t count, height, width, channels, patch;
};
cudaError_t launch_patches_backward(const PatchesBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
