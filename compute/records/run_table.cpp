// What a filter means.
#include "compute/records/run_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace moescope {

bool is_condition(const std::string& filter) {
  if (filter.find_first_of("<>=()\"'") != std::string::npos) return true;
  std::string upper = " " + filter + " ";
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  constexpr std::array<std::string_view, 7> kWords = {" LIKE ", " IS ", " IN ", " BETWEEN ", " NOT ", " AND ", " OR "};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return upper.find(word) != std::string::npos; });
}

}  // namespace moescope
