// Double arithmetic in the order of the released code: (assignments * factor) / experts.
#include "compute/records/capacity.h"

#include <cmath>

namespace moescope {

int64_t compute_capacity(int64_t assignments, int64_t experts, double factor, CapacityRounding rounding,
                         int64_t multiple_of) {
  const double exact = static_cast<double>(assignments) * factor / static_cast<double>(experts);
  // nearbyint rounds halves to even, like Python's round.
  const auto capacity =
      static_cast<int64_t>(rounding == CapacityRounding::ceil ? std::ceil(exact) : std::nearbyint(exact));
  return multiple_of > 1 ? (capacity + multiple_of - 1) / multiple_of * multiple_of : capacity;
}

}  // namespace moescope
