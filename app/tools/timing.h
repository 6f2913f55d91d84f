// How long calls take: what the benchmarks share.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "compute/core/clock.h"

namespace moescope {

/// Of an even number the upper one of the two in the middle. `values` must not be empty.
double median(std::vector<double> values);

struct Repeats {
  int warm_up = 0;   // calls before the first that counts
  size_t least = 5;  // calls that count, however long they take
};
/// The median time of a call, over as many as fit into `secs`.
double median_secs(const std::function<void()>& call, double secs, Repeats repeats);

}  // namespace moescope
