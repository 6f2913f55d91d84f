// The inner loops of the classification losses over a range of rows, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

/// Returns the sum of the rows' losses. dlogits may be null, and may be logits.
using CrossEntropyRows = double(const float* logits, const float* targets, float* dlogits, float gradient_scale,
                                int64_t rows, int64_t classes);

struct CrossEntropyKernels {
  CrossEntropyRows *softmax, *sigmoid;
};

extern const CrossEntropyKernels kCrossEntropyReference, kCrossEntropyAvx2, kCrossEntropyAvx512;

}  // namespace moescope
