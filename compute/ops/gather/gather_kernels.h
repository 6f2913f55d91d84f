// The inner loops of sparse dispatch and combine, for a range of pairs or of tokens; one table per instruction set.
#pragma once

#include "compute/ops/gather/pair_list.h"

namespace moescope {

struct GatherKernels {
  /// For tokens [begin, end).
  void (*gather_backward)(const PairList& pairs, const float* drows, float* dx, int64_t columns, int64_t begin,
                          int64_t end);
  void (*combine)(const PairList& pairs, const float* rows, float* y, int64_t columns, int64_t begin, int64_t end);
  /// For pairs [begin, end); drows may be rows.
  void (*combine_backward)(const PairList& pairs, const float* rows, const float* dy, float* drows, float* dweight,
                           int64_t columns, int64_t begin, int64_t end);
};

extern const GatherKernels kGatherReference, kGatherAvx2, kGatherAvx512;

}  // namespace moescope
