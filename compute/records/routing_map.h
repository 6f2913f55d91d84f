// Where each patch of one image went in one MoE layer, and why: all that panels and session rows ever see of a routing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/records/run_config.h"

namespace moescope {

enum class DropReason : uint8_t {
  none,           // executed
  expert_full,    // the expert's capacity was used up by tokens before it
  expert_off,     // the expert was switched off, or is not among those kept for this input
};

/// Axes: S tokens of the image, E experts, K choices, Q = E * slots_per_expert slots (soft).
struct RoutingMap {
  // labels: a number without these is meaningless
  RouterKind router = RouterKind::dense;
  int64_t layer = 0;                  // block index, from 0
  int64_t step = 0;                   // updates done when this was taken
  std::string token_set;              // "test 17, its 49 tokens; routed in a group of 1 image"
  int64_t grid_height = 0, grid_width = 0;  // patches
  bool has_class_token = false;       // then token 0 is the class token and patch i is token i + 1
  int64_t num_tokens = 0;             // S
  int64_t num_experts = 0;            // E
  double temperature = 1;

  // sparse (tokens_choice, experts_choice)
  int64_t k = 0;                      // choices listed per token
  int64_t capacity = 0;               // slots per expert in this group
  double actual_capacity_factor = 0;  // after rounding
  std::vector<float> gates;           // (S,E) softmax over experts
  std::vector<int32_t> expert;        // (S,K) wanted expert of each choice, best first; -1: none (experts_choice)
  std::vector<float> weight;          // (S,K) gate of that choice
  std::vector<int32_t> place;         // (S,K) place in the expert's buffer, counted even when dropped
  std::vector<DropReason> drop;       // (S,K)

  // soft
  int64_t slots_per_expert = 0;       // p
  float scale = 1;                    // the learned scale of the logits
  std::vector<float> dispatch;        // (S,Q) each column sums to 1
  std::vector<float> combine;         // (S,Q) each row sums to 1

  std::vector<uint8_t> expert_off;    // (E) 1: switched off by hand, or not among those kept for this input
};

}  // namespace moescope
