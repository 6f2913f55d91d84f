// The table behind `bench kernels --model`: what a training step asks of a GPU, and what two of them could do at best.
#pragma once

#include <string>

#include "app/models/named_model.h"

namespace moescope {

/// One line a kind of kernel, the longest on an A100 first, and their sum.
std::string roofline_table(const VisionTransformer& model, int64_t batch, Precision precision);

}  // namespace moescope
