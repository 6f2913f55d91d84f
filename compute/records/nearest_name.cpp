// Edit distance with swaps of neighbours: the mistakes that fingers make.
#include "compute/records/nearest_name.h"

#include <algorithm>
#include <vector>

namespace moescope {

int edit_distance(std::string_view a, std::string_view b) {
  const size_t columns = b.size() + 1;
  std::vector<int> table((a.size() + 1) * columns);
  auto at = [&](size_t i, size_t j) -> int& { return table[i * columns + j]; };
  for (size_t i = 0; i <= a.size(); ++i) at(i, 0) = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) at(0, j) = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replace = at(i - 1, j - 1) + (a[i - 1] != b[j - 1]);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(a.size(), b.size());
}

std::string_view nearest_name(std::string_view asked, std::span<const std::string_view> names) {
  std::string_view best;
  int best_distance = 0;
  for (std::string_view name : names) {
    const size_t dot = name.rfind('.');
    int distance = edit_distance(asked, name);
    if (dot != std::string_view::npos) distance = std::min(distance, edit_distance(asked, name.substr(dot + 1)));
    if (best.empty() || distance < best_distance) best = name, best_distance = distance;
  }
  return best;
}

}  // namespace moescope
