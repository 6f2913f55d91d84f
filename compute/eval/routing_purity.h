// How far experts follow what is on a patch: the patches' true labels against the experts that took them.
#pragma once

#include <cstdint>
#include <vector>

namespace moescope {

/// Of one MoE layer over labelled patches. A patch belongs to its main_expert(); those without an expert are not
/// counted.
struct RoutingPurity {
  int64_t num_patches = 0;        // with a label and an expert
  double purity = 0;              // share of patches whose expert's commonest label is theirs; 1: each expert one label
  double chance = 0;              // what a single expert would reach: the share of the commonest label
  double mutual_information = 0;  // of label and expert, nats
  double label_entropy = 0;       // nats: the most that mutual_information can be
  std::vector<int64_t> counts;    // (E, classes) patches
};

/// From a table of counts (experts, classes), row-major.
RoutingPurity purity_of(const std::vector<int64_t>& counts, int64_t experts);

}  // namespace moescope
