// How a Soft MoE layer spreads its weights over tokens, slots and experts, gathered over many images
// (arXiv:2308.00951, appendices G and I, figures 24, 26 and 27).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compute/moe/routing.h"
#include "compute/studies/study.h"

namespace moescope {

/// The weights of a slot (token) among the tokens (slots) of its image, heaviest first and summed up: how much the k
/// heaviest hold, over all slots and images.
class CumulativeWeight {
 public:
  /// k is 1, 2, 3, 4, 6, 8, 12, 16, ... and `most`, the number of weights.
  explicit CumulativeWeight(int64_t most);
  const std::vector<int64_t>& ks() const { return ks_; }
  /// Weights that sum to 1, in any order; they are sorted. Returns the number of heaviest ones that hold kMost of them.
  int64_t add(std::vector<float>& weights);
  /// Of the weights added last: what the ks() heaviest hold.
  const std::vector<double>& last() const { return last_; }
  /// What the k = ks()[i] heaviest hold: the mean, and what the share `part` of all slots stays below.
  double mean(size_t i) const;
  double quantile(size_t i, double part) const;

  static constexpr double kMost = 0.9;  // figure 24 right: "20 to 25 tokens hold 90 %"

 private:
  static constexpr int64_t kBins = 2000;  // of [0,1]: quantiles are right to 0.0005
  std::vector<int64_t> ks_;
  std::vector<double> last_, sums_;
  std::vector<std::vector<int64_t>> counts_;  // (k)(bin)
  int64_t num_ = 0;
};

/// One MoE layer. Costs two sorts of the weights an image.
class WeightSpread {
 public:
  /// Throws ConfigError for a routing that is not soft.
  void add(const Routing& routing);
  /// "token_sum/LAYER/P"  the sum over slots of a token's dispatch weights that P % of all tokens stay below
  /// "token_above_2/LAYER", "token_below_0.25/LAYER"  percent of the tokens
  /// "expert_share/LAYER/R"  mean combine weight of the expert of rank R (1 the least) over that of the least
  /// "expert_ratio/LAYER"  the last of them
  /// "tokens_for_90/WHICH/LAYER"  percent of an image's tokens that hold 90 % of a slot's dispatch weight, mean over
  ///                         images; WHICH sharpest, middle, flattest: slots by that number
  /// "slot/WHICH/LAYER/K"    what the K heaviest tokens of that slot hold, mean over images
  /// "dispatch_mass/LAYER/K/WHAT", "combine_mass/LAYER/K/WHAT"  what the K heaviest tokens of a slot (slots of a token)
  /// hold;
  ///                         WHAT mean, or P: what P % of all slots (tokens) stay below
  void report(int64_t layer, Values& values) const;

 private:
  void start(const Routing& routing);
  void add_dispatch(const float* dispatch, int64_t tokens);
  void add_combine(const float* combine, int64_t tokens);
  void report_tokens(const std::string& layer, Values& values) const;
  void report_slots(const std::string& layer, Values& values) const;

  struct Slot {
    std::vector<double> held;    // (k) sums over images
    double tokens_for_most = 0;  // sum over images
  };
  int64_t tokens_ = 0, slots_ = 0, experts_ = 0, images_ = 0;
  std::optional<CumulativeWeight> of_slots_, of_tokens_;  // made when the first routing tells the sizes
  std::vector<float> token_sums_;                         // of all tokens
  std::vector<double> expert_sums_;                       // (E)
  std::vector<Slot> by_slot_;
  std::vector<float> row_;
};

/// The slots whose curves are kept.
inline constexpr const char* kShownSlots[] = {"sharpest", "middle", "flattest"};
/// Percentiles of "token_sum/..." and of "..._mass/..."; the latter are the ends of central 60, 80,
/// 90, 95 and 99 % bands.
const std::vector<double>& token_percentiles();
const std::vector<double>& band_percentiles();

}  // namespace moescope
