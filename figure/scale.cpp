// Round ends and round ticks.
#include "figure/scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "compute/records/round_number.h"

namespace moescope::figure {
namespace {

std::string grouped(double value) {
  std::string digits = std::to_string(std::llround(std::abs(value)));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), " ");
  return (value < 0 ? "-" : "") + digits;
}

}  // namespace

std::string number_label(double value) {
  if (std::abs(value) < 1e7 && std::abs(value - std::round(value)) < 1e-9 * std::max(1.0, std::abs(value)))
    return grouped(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

Scale::Scale(const AxisSpec& axis, double least, double greatest, int max_ticks) : log_(axis.log) {
  place(axis, least, greatest, max_ticks);
  if (axis.names.empty()) return;
  ticks_.clear();
  for (const auto& [value, name] : axis.names) ticks_.push_back({value, name});
}

void Scale::place(const AxisSpec& axis, double least, double greatest, int max_ticks) {
  const bool empty = !(least <= greatest);
  low_ = axis.low.value_or(empty ? (log_ ? 1 : 0) : least);
  high_ = axis.high.value_or(empty ? (log_ ? 10 : 1) : greatest);
  if (log_) {
    if (low_ <= 0) low_ = 1e-300;
    if (high_ <= low_) high_ = low_ * 10;
    if (high_ < low_ * 5) {
      linear_ticks(max_ticks);  // too short for powers of ten
    } else {
      log_ticks(max_ticks);
    }
    return;
  }
  if (high_ - low_ <= 1e-12 * std::max(std::abs(low_), std::abs(high_))) {
    const double half = std::max(std::abs(low_) * 0.05, 1e-9);
    if (!axis.low) low_ -= half;
    if (!axis.high || high_ <= low_) high_ += half;
  }
  const double step = round_step((high_ - low_) / std::max(1, max_ticks - 1));
  if (!axis.low) low_ = std::floor(low_ / step + 1e-9) * step;
  if (!axis.high) high_ = std::ceil(high_ / step - 1e-9) * step;
  linear_ticks(max_ticks);
}

void Scale::linear_ticks(int max_ticks) {
  const double step = round_step((high_ - low_) / std::max(1, max_ticks - 1));
  const double first = std::ceil(low_ / step - 1e-9) * step;
  // Counted: in a range of a few units in the last place, tick + step may be tick.
  for (int i = 0; i <= 5 * max_ticks; ++i) {
    const double tick = first + i * step;
    if (tick > high_ + 1e-9 * step) break;
    const double value = std::abs(tick) < 1e-9 * step ? 0 : tick;
    ticks_.push_back({value, number_label(value)});
  }
}

void Scale::log_ticks(int max_ticks) {
  const double decades = std::log10(high_ / low_);
  const auto every = static_cast<int>(std::ceil(std::max(1.0, decades / std::max(1, max_ticks))));
  const auto first = static_cast<int>(std::floor(std::log10(low_)));
  const bool within = decades < 2.5;  // few decades: 2 and 5 as well
  for (int power = first; std::pow(10.0, power) <= high_ * (1 + 1e-9); power += every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, power);
      if (factor > 1 && !within) break;
      if (value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9)) ticks_.push_back({value, number_label(value)});
    }
  }
}

bool Scale::has(double value) const { return std::isfinite(value) && (!log_ || value > 0); }

double Scale::share(double value) const {
  return log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
}

double Scale::value(double share) const {
  return log_ ? low_ * std::pow(high_ / low_, share) : low_ + share * (high_ - low_);
}

}  // namespace moescope::figure
