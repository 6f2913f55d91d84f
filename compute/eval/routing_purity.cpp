// Purity and mutual information of a table of (expert, label) counts.
#include "compute/eval/routing_purity.h"

#include <algorithm>
#include <cmath>

namespace moescope {

namespace {

double entropy(const std::vector<int64_t>& counts, double total) {
  double nats = 0;
  for (const int64_t n : counts) {
    if (n > 0) nats -= static_cast<double>(n) / total * std::log(static_cast<double>(n) / total);
  }
  return nats;
}

}  // namespace

RoutingPurity purity_of(const std::vector<int64_t>& counts, int64_t experts) {
  RoutingPurity result;
  result.counts = counts;
  const auto classes = counts.size() / static_cast<size_t>(experts);
  std::vector<int64_t> by_label(classes), by_expert(static_cast<size_t>(experts));
  int64_t majority = 0;
  for (size_t e = 0; e < by_expert.size(); ++e) {
    const auto row = counts.begin() + static_cast<std::ptrdiff_t>(e * classes);
    for (size_t c = 0; c < classes; ++c)
      by_label[c] += row[static_cast<std::ptrdiff_t>(c)], by_expert[e] += row[static_cast<std::ptrdiff_t>(c)];
    majority += *std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    result.num_patches += by_expert[e];
  }
  if (result.num_patches == 0) return result;
  const auto total = static_cast<double>(result.num_patches);
  result.purity = static_cast<double>(majority) / total;
  result.chance = static_cast<double>(*std::max_element(by_label.begin(), by_label.end())) / total;
  result.label_entropy = entropy(by_label, total);
  // I(E;C) = H(E) + H(C) - H(E,C)
  result.mutual_information = entropy(by_expert, total) + result.label_entropy - entropy(counts, total);
  return result;
}

}  // namespace moescope
