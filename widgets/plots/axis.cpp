// An axis with round numbers.
#include "widgets/plots/axis.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/format.h"

namespace moescope::plots {
namespace {

/// 1, 2 or 5 (with quarters also 2.5) times a power of ten, at least `size`.
double round_step(double size, bool quarters = false) {
  const double unit = std::pow(10.0, std::floor(std::log10(size)));
  for (const double factor : {1.0, 2.0, quarters ? 2.5 : 5.0, 5.0, 10.0})
    if (factor * unit >= size * 0.999999) return factor * unit;
  return 10 * unit;
}

void add_ticks(Axis& axis, double from, double step) {
  for (double tick = from; tick <= axis.high + step * 1e-6; tick += step) axis.ticks.push_back(tick);
  axis.decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
}

}  // namespace

Axis round_axis(double low, double high, int max_ticks) {
  if (!std::isfinite(low) || !std::isfinite(high) || high < low) low = 0, high = 1;
  if (high - low < 1e-9 * std::max(1.0, std::abs(high))) high = low + std::max(1e-3, std::abs(low) * 0.1);
  const double step = round_step((high - low) / std::max(1, max_ticks - 1));
  Axis axis;
  axis.low = std::floor(low / step + 1e-9) * step;
  axis.high = std::ceil(high / step - 1e-9) * step;
  add_ticks(axis, axis.low, step);
  return axis;
}

Axis step_axis(double first, double last, int max_ticks) {
  Axis axis;
  axis.low = first;
  axis.high = std::max(last, first + 1);
  const double step =
      std::max(1.0, round_step((axis.high - axis.low) / std::max(1, max_ticks), axis.high - axis.low >= 40));
  add_ticks(axis, std::ceil(first / step) * step, step);
  axis.decimals = 0;
  return axis;
}

std::string tick_label(const Axis& axis, double tick) {
  if (std::abs(tick) < 1e-12) tick = 0;
  if (axis.decimals == 0) return ui::grouped(static_cast<int64_t>(std::llround(tick)));
  return ui::fixed(tick, axis.decimals);
}

}  // namespace moescope::plots
