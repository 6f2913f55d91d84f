// The questions that are curves, point by point.
#include "compute/records/report.h"

namespace moescope {

AskCurve capacity_curve(const std::vector<double>& factors) {
  AskCurve curve;
  curve.axis = "capacity factor";
  for (const double factor : factors) {
    WhatIf point;
    point.capacity_factor = factor;
    curve.points.push_back(std::move(point));
    curve.positions.push_back(factor);
  }
  return curve;
}

AskCurve kept_curve(int64_t num_experts, KeepBy by, uint64_t seed) {
  AskCurve curve;
  curve.axis = by == KeepBy::combine ? "experts kept by combine weight" : "experts kept by " + std::string(name_of(by));
  const auto add = [&](int64_t count) {
    WhatIf point;
    point.kept = {count, by, seed};
    curve.points.push_back(std::move(point));
    curve.positions.push_back(static_cast<double>(count));
  };
  // Every count up to 16, then powers of two, which show the fall as well; the last is all of them.
  for (int64_t count = 1; count < num_experts; count = count < 16 ? count + 1 : 2 * count) add(count);
  add(num_experts);
  return curve;
}

}  // namespace moescope
