// Where a NaN came from: names the layer, so that a person knows what to look at.
#pragma once

#include <string>

#include "compute/models/vision_transformer.h"

namespace moescope {

/// After a forward pass over `images` gave a loss that is not finite: the first parameter that is not finite, or else
/// the first layer where a second pass with the same draws shows such numbers. "block1.moe.w1 holds a NaN or infinity".
std::string locate_divergence(VisionTransformer& model, const Tensor& images, const Pass& pass);

/// After a backward pass: a bad gradient spreads from its layer towards the input, so the last parameter on the way
/// forward that has one is nearest to where it began. Empty when every gradient is finite.
std::string locate_bad_gradient(const ParameterSet& parameters);

}  // namespace moescope
