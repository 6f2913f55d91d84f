// What a cell of a table says, as the kind that its reader wants.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "compute/records/cell_table.h"

namespace moescope {

/// NaN: it holds no number.
inline double number_of(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* whole = std::get_if<int64_t>(&cell)) return static_cast<double>(*whole);
  return std::numeric_limits<double>::quiet_NaN();
}

/// 0: it holds no number.
inline int64_t whole_of(const Cell& cell) {
  if (const auto* whole = std::get_if<int64_t>(&cell)) return *whole;
  const double number = number_of(cell);
  return std::isfinite(number) ? std::llround(number) : 0;
}

}  // namespace moescope
