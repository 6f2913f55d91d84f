// What a person asks of theorem 1 by hand, and what is shown of it.
#pragma once

#include <cstdint>

#include "figure/scene.h"

namespace moescope {

struct NormAsk {
  int64_t width = 5;    // of a token: 2 or 5
  int64_t experts = 1;  // 1, 2, 5 or 10, of equal size in sum
  bool operator==(const NormAsk&) const = default;
};

/// How far the newest fit has come.
struct NormPicture {
  NormAsk ask;
  int64_t step = 0, steps = 0;
  double loss = 0;           // of the last steps
  double constant_loss = 0;  // of the best constant
  figure::Scene scene;       // the loss on the way, and predicted against true length
};

}  // namespace moescope
