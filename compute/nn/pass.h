// What one pass through a model carries: memory, mode, the live knobs, and who is watching.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/core/arena.h"
#include "compute/records/run_config.h"

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
  const Tensor* given_noise = nullptr;  // (G,S,E) or (G,S,Q) standard normal draws instead of our own (golden cases)
  Tensor* attention_probabilities = nullptr;  // (depth) tensors to fill, empty ones are skipped; null: none asked
};

}  // namespace moescope
