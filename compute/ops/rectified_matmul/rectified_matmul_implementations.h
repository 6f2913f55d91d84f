// The lists behind rectified_matmul.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/core/tensor.h"

namespace moescope {

using RectifiedMatmulFn = void(const Tensor& a, const Tensor& b, const Tensor& bias, const Tensor& y);
using RectifiedMatmulWeightsFn = void(const Tensor& a, const Tensor& dy, const Tensor& db);

ImplementationList<RectifiedMatmulFn>& rectified_matmul_list();
ImplementationList<RectifiedMatmulWeightsFn>& rectified_matmul_weights_list();

}  // namespace moescope
