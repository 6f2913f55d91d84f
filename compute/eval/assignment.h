// The one-to-one pairing of largest total: which expert of one model plays the part of which expert of another.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope {

/// gain (n,n) row-major. Returns for each row its column, all different, so that the sum of gains is the greatest there
/// is. Hungarian method with potentials (Kuhn 1955, Munkres 1957; Jonker and Volgenant's shortest paths), O(n^3). Gains
/// must be finite; std::invalid_argument when there are not n * n of them.
std::vector<int64_t> best_assignment(std::span<const double> gain, int64_t n);

}  // namespace moescope
