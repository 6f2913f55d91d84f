// How the experts of one layer are used over a set of tokens: the numbers behind the load bars and the health alarms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/records/run_config.h"

namespace moescope {

struct ExpertLoad {
  RouterKind router = RouterKind::dense;
  int64_t layer = 0;
  int64_t num_tokens = 0;              // how many tokens the figures are taken over
  std::string token_set;               // "training batch of step 812"
  int64_t capacity = 0;                // sparse: per expert and group; soft: slots per expert
  double actual_capacity_factor = 0;
  std::vector<float> load;             // (E) work given to an expert over the fair share: 1 fair, 0 dead. Soft: importance
  std::vector<float> importance;       // (E) sum of gates (sparse) or combine weights (soft) over the fair share
  double load_cv = 0;                  // std / mean of load
  double dropped = 0;                  // share of tokens that no expert took
  double dropped_choices = 0;          // share of (token, choice) pairs that found no slot
  double capacity_use = 1;             // filled slots / slots
  double entropy = 0, entropy_max = 0; // of a token's gates (sparse) or combine weights over experts (soft), nats, mean
  double dispatch_max = 0;             // soft: mean over slots of the largest dispatch weight; uniform = 1/S
  double combine_max = 0;              // soft: mean over tokens of the largest combine weight; uniform = 1/Q
  double uniform_dispatch = 0, uniform_combine = 0;
  double scale = 0;                    // soft: learned scale
  double importance_loss = 0, load_loss = 0, gshard_loss = 0;  // unweighted, mean over groups
};

}  // namespace moescope
