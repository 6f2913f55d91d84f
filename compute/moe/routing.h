// Routing is a value: what a router returns, and all that dispatching, statistics, maps and FLOP counts need to know.
//
// Axes: G groups, S tokens of a group, E experts, C capacity (sparse), P slots per expert (soft), K choices, D width,
// T = G*S tokens, R kept (token, expert) pairs. The Soft MoE paper's m, n, p are our S, E, P.
#pragma once

#include <cstdint>

#include "compute/core/tensor.h"
#include "compute/ops/gather/gather.h"
#include "compute/records/run_config.h"

namespace moescope {

struct Routing {
  RouterKind kind = RouterKind::dense;
  int64_t layer = 0;                   // block index
  int64_t groups = 0, tokens = 0;      // G, S
  int64_t experts = 0;                 // E
  double temperature = 1;

  // Sparse. All tensors live in the pass's arena.
  int64_t k = 0, capacity = 0;         // experts_choice: k is 0
  double actual_capacity_factor = 0;   // capacity * E / (S * k), or capacity * E / S
  Tensor logits;                       // (T,E) clean
  Tensor noisy_logits;                 // (T,E), the same tensor as logits without noise
  Tensor gates;                        // (T,E) softmax of the noisy logits
  Tensor clean_gates;                  // (T,E) softmax of the clean logits; same as gates without noise
  Tensor expert;                       // i32 (T,K) wanted experts, best first (tokens_choice)
  Tensor place;                        // i32 (T,K) place in the expert's buffer; >= capacity: dropped
  Tensor chosen_token;                 // i32 (G,E,C) tokens of each expert, best first (experts_choice)
  PairList pairs;                      // kept pairs, sorted by expert, then group, then place
  Tensor pair_expert_offset;           // i32 (E+1) rows of each expert in the pair list
  Tensor pair_choice;                  // i32 (R) index into gates: t*E + e
  const uint8_t* expert_off = nullptr; // (E) or null

  // Soft.
  int64_t slots_per_expert = 0;        // P
  Tensor dispatch, combine;            // (G,S,E*P)
  float scale = 1;

  // Auxiliary losses, unweighted, mean over groups, and their weighted sum.
  double importance_loss = 0, load_loss = 0, gshard_loss = 0, weighted_aux = 0;
};

}  // namespace moescope
