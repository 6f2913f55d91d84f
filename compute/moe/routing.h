// Routing is a value: what a router returns, and all that dispatching, statistics, maps and FLOP counts need to know.
//
// Axes: G groups, S tokens of a group, E experts, C capacity (sparse), P slots per expert (soft), K choices, D width,
// Q = E*P slots of a group, T tokens (G*S, less when the last group is shorter), R kept (token, expert) pairs.
// The Soft MoE paper's m, n, p are our S, E, P.
#pragma once

#include <cstdint>

#include "compute/core/tensor.h"
#include "compute/ops/gather/gather.h"
#include "compute/records/run_config.h"

namespace moescope {

/// Auxiliary losses of one group or their mean over groups, unweighted. NUMERICS 2.6.
struct AuxiliaryLosses {
  double importance = 0, load = 0, gshard = 0;
};

struct Routing {
  RouterKind kind = RouterKind::dense;
  int64_t layer = 0;               // block index
  int64_t groups = 0, tokens = 0;  // G, S
  int64_t total_tokens = 0;        // T
  int64_t experts = 0;             // E
  double temperature = 1;
  const uint8_t* expert_off = nullptr;  // (E) 1: switched off; or null
  Tensor unit_off;          // u8 (U,E) 1: not among the experts kept for this input; or empty. See choose_kept()
  int64_t unit_tokens = 0;  // tokens of an input: of an image (tokens_choice) or of a group
  Tensor computed_by;       // i32 (E) the expert whose weights do the work of each; or empty: its own
  Tensor scored;            // (T,D) what the router saw

  // Sparse. All tensors live in the pass's arena.
  int64_t k = 0, capacity = 0;        // experts_choice: k is 0
  int64_t last_capacity = 0;          // of the last group, smaller when that group is
  double actual_capacity_factor = 0;  // capacity * E / (S * k), or capacity * E / S
  float noise_deviation = 0;          // sigma of the noise on the logits; 0: none
  Tensor logits;                      // (T,E) clean
  Tensor noisy_logits;                // (T,E), the same tensor as logits without noise
  Tensor gates;                       // (T,E) softmax of the noisy logits
  Tensor clean_gates;                 // (T,E) softmax of the clean logits; same as gates without noise
  Tensor expert;                      // i32 (T,K) wanted experts, best first (tokens_choice)
  Tensor place;                       // i32 (T,K) place in the expert's buffer; >= capacity: dropped
  Tensor chosen_token;    // i32 (G,E,C) tokens of each expert within the group, best first; -1 none (experts_choice)
  int64_t max_pairs = 0;  // R at most: what buffers are made for
  PairList pairs;         // kept pairs, sorted by expert, then group, then place
  Tensor pair_expert_offset;  // i32 (E+1) rows of each expert in the pair list
  Tensor pair_choice;         // i32 (R) index into gates: t*E + e

  // Soft. Rows of group g are its tokens; columns are expert-major (e*P + j).
  int64_t slots_per_expert = 0;  // P
  Tensor dispatch, combine;      // (T,Q)
  float scale = 1;

  // Auxiliary losses, unweighted, mean over groups, and their weighted sum.
  double importance_loss = 0, load_loss = 0, gshard_loss = 0, weighted_aux = 0;
  Tensor group_losses;  // (G,3) importance, load, gshard of each group (tokens_choice)
  Tensor group_sums;    // (G,3,E) what their backward pass needs

  /// Tokens of group g are [g * tokens, g * tokens + group_size(g)).
  int64_t group_size(int64_t g) const { return g + 1 < groups ? tokens : total_tokens - g * tokens; }
  int64_t group_capacity(int64_t g) const { return g + 1 < groups ? capacity : last_capacity; }
  bool is_off(int64_t e) const { return expert_off != nullptr && expert_off[e] != 0; }
  /// For one token: switched off, or not kept for the input that it belongs to.
  bool is_off(int64_t e, int64_t token) const {
    return is_off(e) || (!unit_off.empty() && unit_off.u8()[token / unit_tokens * experts + e] != 0);
  }
};

}  // namespace moescope
