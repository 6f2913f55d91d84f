// The two directions in which rows differ most.
#pragma once

#include <cstdint>
#include <vector>

namespace moescope {

struct PrincipalComponents {
  std::vector<float> points;                // (n, 2) coordinates about the mean
  double explained_x = 0, explained_y = 0;  // share of the variance
};

/// Of rows (n, columns), by orthogonal iteration on their covariance. The sign of a direction is such that its largest
/// part is positive, so that the same rows give the same picture. O(n columns²).
PrincipalComponents principal_components(const std::vector<float>& rows, int64_t columns);

}  // namespace moescope
