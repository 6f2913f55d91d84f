// A figure that is kept in the store, as lists show it.
#pragma once

#include <cstdint>
#include <string>

#include "figure/figure_spec.h"

namespace moescope {

struct KeptFigure {
  int64_t figure_id = 0;
  std::string made_at, title, program;  // made_at: UTC, ISO 8601
  FigureSpec spec;
  std::string trouble;  // one sentence when the spec cannot be read; it is empty then
};

}  // namespace moescope
