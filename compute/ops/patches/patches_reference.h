// The plain implementation of patches; it only moves memory, so there is no other on the CPU.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

void extract_patches_reference(const Tensor& images, int64_t patch, const Tensor& rows);
void extract_patches_backward_reference(const Tensor& drows, int64_t patch, const Tensor& dimages);

}  // namespace moescope
