// Numbers as people read them: thin spaces in thousands, few digits, a unit.
#pragma once

#include <cstdint>
#include <string>

namespace moescope::ui {

std::string grouped(int64_t value);             // 4200 -> "4 200" with a thin space
std::string fixed(double value, int decimals);  // NaN -> "NaN", infinities -> "inf", "-inf"
std::string compact(double value);              // 0.0008 -> "8.0e-4", 0.6 -> "0.6", 0.005 -> "0.005"
std::string percent(double share);              // 0.031 -> "3.1 %", 0.84 -> "84 %"
std::string duration(double secs);              // 4 -> "4 s", 130 -> "2 min 10 s", 3900 -> "1 h 05 min"
std::string bytes(int64_t count);               // 327155712 -> "312 MiB"
std::string times(double ratio);                // 1.24 -> "1.2×", 14.1 -> "14×"
/// "saved just now", "saved 20 s ago", ...: in coarse steps, so that an idle window need not redraw each second.
std::string ago(double secs);

}  // namespace moescope::ui
