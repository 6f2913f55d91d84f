// One training step of norm-function's layer, written out: no normalisation, one slot an expert, experts without
// biases, the prediction the sum of all outputs. Each lane of a vector is an input, so nothing of the layer, whose
// matrices are 2 to 50 numbers wide, is left to the ops, which cost more than the arithmetic there. Checked against
// MoeLayer.
#pragma once

#include <cstdint>

namespace moescope {

constexpr int64_t kNormNumbers = 10;  // of an input
constexpr int64_t kNormLanes = 16;    // inputs come in multiples of it; zeros add nothing
constexpr int64_t kNormMost = 64;     // of tokens*experts, width*experts and experts*hidden

/// Shapes and places of a layer's parameters and gradients, as MoeLayer keeps them.
struct NormModel {
  int64_t tokens = 0, width = 0, experts = 0, hidden = 0;
  const float *mu = nullptr, *w1 = nullptr, *w2 = nullptr;  // (D,E), (E,D,H), (E,H,D)
  float *dmu = nullptr, *dw1 = nullptr, *dw2 = nullptr;     // +=

  bool fits() const {
    return tokens * experts <= kNormMost && width * experts <= kNormMost && experts * hidden <= kNormMost;
  }
  /// Floats of scratch that a step needs.
  int64_t scratch() const { return kNormLanes * experts * (width + width * hidden + hidden); }
};

/// Sum of squared errors over the inputs x (10, inputs), number by number, whose lengths are given; the gradients get
/// those of that sum times `weight`. The sum does not depend on what else is computed.
using NormStepFn = double(const NormModel& model, const float* x, const float* lengths, int64_t inputs, float weight,
                          float* scratch);

NormStepFn norm_step_avx2, norm_step_avx512;
/// The fastest that may run; null: neither of the two, use the layer itself.
NormStepFn* norm_step();

}  // namespace moescope
