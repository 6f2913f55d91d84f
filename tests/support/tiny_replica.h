// A small untrained model to look through, with its data set: its answers are arbitrary but fixed.
#pragma once

#include "compute/explore/replica.h"
#include "support/synthetic_dataset.h"

namespace moescope {

/// Values are spread widely, so that gates and combine weights differ from patch to patch.
inline Replica tiny_replica(const RunConfig& config, int64_t num_test = 64) {
  Replica replica;
  replica.config = config;
  replica.dataset = std::make_shared<SyntheticDataset>(64, num_test);
  replica.model = std::make_unique<VisionTransformer>(config, ImageShape{8, 8, 1, 4});
  ParameterSet& parameters = replica.model->parameters();
  parameters.allocate(host_memory(), 5);
  for (const Parameter& p : parameters.all()) {
    const bool router = p.role == ParameterRole::router || p.role == ParameterRole::scale;
    for (int64_t i = 0; router && i < p.value.size(); ++i) p.value.f32()[i] *= 6;
  }
  replica.label = {false, 1, 1, 40, "run 1, step 40"};
  return replica;
}

/// Two MoE layers, so that one follows another.
inline RunConfig tiny_two_layers(RouterKind kind) {
  RunConfig config = tiny_config(kind);
  config.model.moe_blocks = 2;
  config.model.moe_placement = MoePlacement::last;
  return config;
}

}  // namespace moescope
