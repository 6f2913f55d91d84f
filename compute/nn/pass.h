// What one pass through a model carries: memory, mode, the live knobs, and who is watching.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/core/arena.h"
#include "compute/records/run_config.h"
#include "compute/records/what_if.h"

namespace moescope {

struct Routing;

/// Sees every routing of a pass as it happens (statistics, maps). The tensors inside live as long as the pass.
class RoutingObserver {
 public:
  virtual ~RoutingObserver() = default;
  virtual void see(const Routing& routing) = 0;
};

struct Pass {
  Arena* arena = nullptr;
  const RouterConfig* router = nullptr;  // live knobs: k, capacity, bpr, noise, temperature, aux weights
  bool training = false;                 // gate noise, training capacity, auxiliary losses
  bool backward = false;                 // a backward pass follows: keep what it needs
  uint64_t seed = 0;                     // noise draws are a function of (seed, step, part, layer)
  int64_t step = 0, part = 0;            // part: micro-batch within the step
  RoutingObserver* observer = nullptr;
  const std::vector<std::vector<uint8_t>>* experts_off = nullptr;  // [layer][expert] 1: switched off; null: none
  const WhatIf* what_if = nullptr;  // experts off, replaced, kept; patches forced; slots. Not with `backward`. Its knobs
                                    // are not read here: `router` already carries them (knobs_under)
  int64_t first_image = 0;          // number of the pass's first image: what is drawn for an image depends on it alone
  int64_t image_tokens = 0, first_patch = 0;  // tokens of an image, and the first that is a patch; the model says it
  const Tensor* given_noise = nullptr;  // (G,S,E) or (G,S,Q) standard normal draws instead of our own (golden cases)
  Tensor* attention_probabilities = nullptr;  // (depth) tensors to fill, empty ones are skipped; null: none asked
};

}  // namespace moescope
