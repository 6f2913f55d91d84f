// Numbers as people read them.
#include "widgets/ui/format.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace moescope::ui {
namespace {

constexpr const char* kThinSpace = "\u2009";

std::string print(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string special(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf"; }

}  // namespace

std::string grouped(int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value), text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += kThinSpace;
    text += digits[i];
  }
  return value < 0 ? "-" + text : text;
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return special(value);
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string compact(double value) {
  if (!std::isfinite(value)) return special(value);
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 0.001 && size < 10000) return print("%.3g", value);
  std::string text = print("%.1e", value);  // "8.0e-04" -> "8.0e-4"
  const size_t e = text.find('e');
  const int power = std::atoi(text.c_str() + e + 1);
  return text.substr(0, e + 1) + std::to_string(power);
}

std::string percent(double share) {
  if (!std::isfinite(share)) return special(share);
  const double value = 100 * share;
  return print(std::abs(value) >= 9.95 ? "%.0f %%" : "%.1f %%", value);
}

std::string duration(double secs) {
  if (!std::isfinite(secs)) return special(secs);
  const auto s = static_cast<int64_t>(secs + 0.5);
  char text[64];
  if (s < 60)
    std::snprintf(text, sizeof text, "%d s", static_cast<int>(s));
  else if (s < 3600)
    std::snprintf(text, sizeof text, "%d min %02d s", static_cast<int>(s / 60), static_cast<int>(s % 60));
  else
    std::snprintf(text, sizeof text, "%lld h %02d min", static_cast<long long>(s / 3600),
                  static_cast<int>(s / 60 % 60));
  return text;
}

std::string bytes(int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 1024) return std::to_string(count) + " B";
  if (value < 1024.0 * 1024) return print("%.0f KiB", value / 1024);
  if (value < 1024.0 * 1024 * 1024 * 9.95) return print("%.0f MiB", value / (1024.0 * 1024));
  return print("%.1f GiB", value / (1024.0 * 1024 * 1024));
}

std::string times(double ratio) {
  if (!std::isfinite(ratio)) return special(ratio);
  return print(ratio >= 9.95 ? "%.0f×" : "%.1f×", ratio);
}

std::string ago(double secs) {
  if (secs < 10) return "just now";
  if (secs < 60) return std::to_string(static_cast<int>(secs / 10) * 10) + " s ago";
  if (secs < 3600) return std::to_string(static_cast<int>(secs / 60)) + " min ago";
  return std::to_string(static_cast<int>(secs / 3600)) + " h ago";
}

}  // namespace moescope::ui
