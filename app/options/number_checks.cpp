// Reads the text as CLI11 does, so that "1e3" is a number here too.
#include "app/options/number_checks.h"

#include <cmath>
#include <string>

namespace moescope {

CLI::Validator above_zero() {
  const auto look = [](std::string& text) {
    double value = 0;
    const bool fits = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value > 0;
    return fits ? std::string() : "'" + text + "' is not a number above 0";
  };
  return CLI::Validator(look, "ABOVE 0");
}

}  // namespace moescope
