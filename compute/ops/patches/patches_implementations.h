// The lists behind patches.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using ExtractPatchesFn = void(const Tensor& images, int64_t patch, const Tensor& rows);
using ExtractPatchesBackwardFn = void(const Tensor& drows, int64_t patch, const Tensor& dimages);

ImplementationList<ExtractPatchesFn>& extract_patches_list();
ImplementationList<ExtractPatchesBackwardFn>& extract_patches_backward_list();

}  // namespace moescope
