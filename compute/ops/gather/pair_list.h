// The routing that sparse dispatch and combine walk: see gather.h. Apart, so that kernels can include it alone.
#pragma once

#include <cstdint>

namespace moescope {

struct PairList {
  int64_t num_tokens = 0;                // T
  int64_t num_pairs = 0;                 // R
  const int32_t* token = nullptr;        // (R) token of each pair
  const float* weight = nullptr;         // (R) gate of each pair
  const int32_t* token_begin = nullptr;  // (T+1) where each token's pairs begin in token_pairs
  const int32_t* token_pairs = nullptr;  // (R) pair numbers, grouped by token
};

}  // namespace moescope
