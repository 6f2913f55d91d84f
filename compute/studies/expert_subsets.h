// Which subsets of experts suffice for an image: chosen by a rule without looking at the label, or the best one there
// is. Pure arithmetic on what each expert adds to the logits.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "compute/records/what_if.h"
#include "compute/studies/single_layer_net.h"

namespace moescope {

/// combine, load and random as in what_if.h; contribution: the largest lengths of what the expert adds to the logits,
/// which needs all of them to have run.
enum class SubsetRule { combine, load, random, contribution };

/// Images whose largest sum of the logits of the k chosen experts is their class's (the lowest class wins a tie). Ties
/// of the rule go to the lower expert. first_image: number of the batch's first image, for the random draws.
int64_t count_correct_with(const ExpertContributions& batch, SubsetRule rule, int64_t k, uint64_t seed = 0,
                           int64_t first_image = 0);

/// Every subset of k experts (PAPERS.md 2.4). The best one of an image predicts its class, if there is such a one, and
/// has the least cross-entropy among these.
struct ExhaustiveSearch {
  int64_t num_correct = 0;  // images for which some subset predicts the class
  std::set<int64_t> best;   // numbers, in the order of enumeration, of the subsets that are some image's best
  int64_t num_subsets = 0;  // n choose k

  /// n choose k must be below 2^31. Work: images * (n choose k) * classes additions and exponentials.
  void add(const ExpertContributions& batch, int64_t k);
};

}  // namespace moescope
