// One axis: from values to a share of its length, linear or logarithmic, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

#include "figure/scene.h"

namespace moescope::figure {

struct Tick {
  double value = 0;
  std::string label;
};

class Scale {
 public:
  /// Around [least, greatest] of the data, unless the axis says otherwise; no data: 0..1 (log: 1..10).
  Scale(const AxisSpec& axis, double least, double greatest, int max_ticks);

  /// 0 at the low end, 1 at the high one. Must not be asked for values that has() denies.
  double share(double value) const;
  /// The value that has this share.
  double value(double share) const;
  /// False for NaN, infinities, and on a log axis for what is not positive.
  bool has(double value) const;
  const std::vector<Tick>& ticks() const { return ticks_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  void place(const AxisSpec& axis, double least, double greatest, int max_ticks);
  void linear_ticks(int max_ticks);
  void log_ticks(int max_ticks);

  bool log_ = false;
  double low_ = 0, high_ = 1;
  std::vector<Tick> ticks_;
};

/// "12 000", "0.05", "2e-06": as short as it can be said.
std::string number_label(double value);

}  // namespace moescope::figure
