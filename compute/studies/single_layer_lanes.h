// One training step of the single-layer net, written out: four tokens, one slot an expert, experts without biases, a
// linear head. Nothing asks for the gradient of the net's own images, and a block of images goes through all experts
// while it lies in the nearest caches, where the layer's tensors, all slots of a batch, do not fit. Each lane of a
// vector is an image. Checked against MoeLayer.
#pragma once

#include <cstdint>

namespace moescope {

constexpr int64_t kLaneTokens = 4;   // of an image
constexpr int64_t kLaneImages = 64;  // of a block

/// A batch as the step reads it: block by block its unit tokens, (D*tokens, kLaneImages) each; zeros, which add
/// nothing, where the last block has no image.
struct LaneImages {
  const float* tokens = nullptr;
  const int32_t* labels = nullptr;
  int64_t count = 0;
};

/// Shapes and places of a net's parameters and gradients, as SingleLayerNet keeps them.
struct LaneModel {
  int64_t width = 0, experts = 0, hidden = 0, classes = 0;
  const float* phi = nullptr;                                               // (D,E) unit slots times the scale
  const float *w1 = nullptr, *w2 = nullptr, *head = nullptr;                // (E,D,H), (E,H,D), (tokens*D,classes)
  float *dphi = nullptr, *dw1 = nullptr, *dw2 = nullptr, *dhead = nullptr;  // +=, but dw1 and dw2: overwritten
};

/// Floats of scratch, on a cache line, that a step needs.
int64_t lane_scratch(const LaneModel& model);

/// Sum of the cross entropies; the gradients get those of that sum times `weight`.
using LaneStepFn = double(const LaneModel& model, const LaneImages& images, float weight, float* scratch);

LaneStepFn lane_step_avx2, lane_step_avx512;
/// The fastest that may run; null: neither of the two, use the layer itself.
LaneStepFn* lane_step();

}  // namespace moescope
