// How sure a mean over seeds is: the percentile bootstrap (Efron 1979), as rliable (arXiv:2108.13264) recommends it.
#pragma once

#include <cstdint>
#include <span>

namespace moescope {

/// A mean with the interval in which `confidence` of the means of resampled values lie.
struct MeanInterval {
  int64_t count = 0;                   // values; 0: the three numbers mean nothing
  double mean = 0, low = 0, high = 0;  // of one value all the same: one run says nothing about its spread
};

/// Draws `resamples` times as many values as there are, with replacement, and always the same ones: the answer does not
/// change from call to call. A NaN among the values makes all three NaN: a run that diverged is not left out.
/// Work: count * resamples; above 4e7 the number of resamples is lowered to stay there, to 100 at least.
MeanInterval bootstrap_mean(std::span<const double> values, double confidence = 0.95, int64_t resamples = 10000);

}  // namespace moescope
