// A model small enough to count every multiply-add of, with all its parts.
#pragma once

#include "compute/records/run_config.h"

namespace moescope {

/// Three blocks of width 64, the last two mixtures of 8 experts; 3 slots each when soft.
inline RunConfig small_config(RouterKind kind) {
  RunConfig c;
  c.model.width = 64;
  c.model.mlp = 96;
  c.model.depth = 3;
  c.model.moe_blocks = 2;
  c.router.kind = kind;
  c.router.num_experts = 8;
  c.router.slots_per_expert = 3;
  return c;
}

}  // namespace moescope
