// What slides over images, on a GPU: unfolded windows, which turn a convolution into a matrix product, and the largest
// number under a window. Twin of compute/ops/convolution and compute/ops/max_pool; NUMERICS 5.1.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Windows of (kernel_h,kernel_w) at (out_h,out_w) places of (height,width) images, `low` of the padding on the low
/// side: compute/ops/convolution's windowed_axis.
struct Windows {
  int64_t count, height, width, channels;
  int64_t kernel_h, kernel_w, stride_h, stride_w, low_h, low_w, out_h, out_w;
};

/// rows (count*out_h*out_w, kernel_h*kernel_w*channels) from images (count,height,width,channels), zeros beyond the
/// edge.
struct UnfoldArguments {
  Windows windows;
  const float* images;
  float* rows;
};
cudaError_t launch_unfold(const UnfoldArguments& a, cudaStream_t stream);

/// dimages, overwritten: each number the sum of its places in drows, in the order of the windows.
struct FoldArguments {
  Windows windows;
  const float* drows;
  float* dimages;
};
cudaError_t launch_fold(const FoldArguments& a, cudaStream_t stream);

/// y (count,out_h,out_w,channels); from, likewise: where in its image each came from, the first of equal ones.
struct MaxPoolArguments {
  Windows windows;
  const float* images;
  float* y;
  int32_t* from;
};
cudaError_t launch_max_pool(const MaxPoolArguments& a, cudaStream_t stream);

/// dimages overwritten.
struct MaxPoolBackwardArguments {
  Windows windows;
  const float* dy;
  const int32_t* from;
  float* dimages;
};
cudaError_t launch_max_pool_backward(const MaxPoolBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
