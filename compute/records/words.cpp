// From one separator to the next.
#include "compute/records/words.h"

#include <algorithm>

namespace moescope {

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<std::string> values_between_commas(std::string_view text) {
  std::vector<std::string> values{""};
  for (const char c : text) {
    if (c == ',') {
      values.emplace_back();
    } else {
      values.back().push_back(c);
    }
  }
  return values;
}

std::string plural(int64_t count, std::string_view one) { return std::string(one) + (count == 1 ? "" : "s"); }

std::string counted(int64_t count, std::string_view one) { return std::to_string(count) + " " + plural(count, one); }

}  // namespace moescope
