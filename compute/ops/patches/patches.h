// Cuts images into patches: the convolution with kernel = stride = patch becomes a matrix product. NUMERICS 4.1.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// images (N,H,W,C) -> rows (N*gh*gw, patch*patch*C) in the order (kh, kw, C), patches row-major. Throws ShapeError
/// when the patch does not divide the image.
void extract_patches(const Tensor& images, int64_t patch, const Tensor& rows);
/// The inverse: dimages (N,H,W,C) from drows, overwritten.
void extract_patches_backward(const Tensor& drows, int64_t patch, const Tensor& dimages);

}  // namespace moescope
