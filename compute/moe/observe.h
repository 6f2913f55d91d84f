// Looks at a Routing without touching it: the map of one image, and how the experts of a layer are used.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/moe/routing.h"
#include "compute/records/expert_load.h"
#include "compute/records/routing_map.h"

namespace moescope {

/// Where tokens [first_token, first_token + num_tokens) of a pass went: one image's, so all within one group.
/// Wanted choices are listed with the reason of each drop; an expert's choice (experts_choice) stands with the tokens
/// it took, best gate first, -1 where a token was taken by fewer. The caller fills step, token_set, grid and class
/// token.
RoutingMap routing_map(const Routing& routing, int64_t first_token, int64_t num_tokens);

/// Gathers expert loads over the micro-batches of one layer. Allocates in the first add() only; costs one reading of
/// the gates or weights.
class ExpertLoadAccumulator {
 public:
  void reset();
  void add(const Routing& routing);
  /// The figures since reset() into `out`, whose vectors are reused; token_set is left alone.
  void result(ExpertLoad& out) const;

 private:
  struct Part {                      // one thread's sums
    std::vector<double> importance;  // (E)
    double entropy = 0, combine_max = 0, dispatch_max = 0;
    int64_t dropped = 0;
    std::vector<float> row;  // (max(E, Q)) scratch
  };
  void start(const Routing& routing);
  void add_gates(const Routing& routing);
  void add_soft(const Routing& routing);

  ExpertLoad last_;  // labels of the last routing seen
  std::vector<Part> parts_;
  std::vector<int64_t> executed_;  // (E) pairs
  int64_t tokens_ = 0, groups_ = 0, choices_ = 0, places_ = 0, slots_ = 0;
  double importance_loss_ = 0, load_loss_ = 0, gshard_loss_ = 0;  // sums over groups
};

/// The figures of a single routing.
ExpertLoad expert_load(const Routing& routing);

}  // namespace moescope
