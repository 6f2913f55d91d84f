// One Soft MoE layer without a transformer around it, as the implicit bias paper studies it: no residual, no biases.
#pragma once

#include "compute/moe/moe_layer.h"
#include "compute/records/run_config.h"

namespace moescope {

/// width, experts, expert_mlp, slots, activation, normalisation and scale of the configuration.
MoeLayerShape bare_layer_shape(const RunConfig& config);

/// The papers' experts have no biases: sets every bias of the set to 0, or (to be called before an update) its
/// gradient, so that it stays there.
void clear_biases(const ParameterSet& parameters);
void clear_bias_gradients(const ParameterSet& parameters);

/// Slot parameters uniform in (-1, 1), as the implicit bias paper's code starts them (PAPERS.md 2.6).
void draw_uniform_slots(ParameterSet& parameters, uint64_t seed);

}  // namespace moescope
