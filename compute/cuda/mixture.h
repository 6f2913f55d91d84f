// The mixture-of-experts layer of a block, on the device: scores, assignment, experts, and the same road back. Mirrors
// compute/moe/moe_layer.
#pragma once

#include <memory>

#include "compute/cuda/experts.h"
#include "compute/cuda/kernels/interventions.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {

/// What the layer is built from.
struct MixtureShape {
  RouterKind kind = RouterKind::soft;
  int64_t width = 0, hidden = 0, experts = 0, slots_per_expert = 0;
  Activation activation = Activation::gelu_tanh;
  SoftMixing mixing = SoftMixing::learned;
  SoftNormalize normalize = SoftNormalize::logits;
  NormEps epsilon = NormEps::inside;
  bool bf16_boundary = false;
};

/// What comes from outside to a layer's pass, all in device memory.
struct MixtureInput {
  const float* x = nullptr;           // (T,D)
  int64_t tokens = 0;                 // T = groups * group_tokens
  const uint64_t* seed = nullptr;     // of the router's noise
  const float* noise = nullptr;       // given draws instead
  const uint8_t* mask = nullptr;      // (T) soft
  float* aux = nullptr;               // (4) the losses' means and their weighted sum
  const uint8_t* off = nullptr;       // (E) experts switched off
  const uint8_t* unit_off = nullptr;  // (inputs,E) not kept for an input, when the host says so
  const ForcedPatch* forced = nullptr;
  int64_t layer = 0;         // among the MoE layers
  int64_t image_tokens = 0;  // of an image, as T counts them
};

/// The experts that do not work, from the flags and, with plan.kept, chosen by the weights (T,E*slots) of each input of
/// `unit_tokens` tokens.
ExpertsOff choose_off(const Run& run, const MixtureInput& input, const float* weights, int64_t experts, int64_t slots,
                      int64_t unit_tokens);

class Mixture {
 public:
  virtual ~Mixture() = default;
  /// y (T,D) overwritten. What the backward pass needs stays in the arena, its addresses in the layer.
  virtual void forward(const Run& run, const MixtureInput& input, float* y) = 0;
  /// dx (T,D) +=, parameter gradients +=.
  virtual void backward(const Run& run, const float* dy, float* dx) = 0;
  /// Before anything is captured: fixed tables for so many groups. Throws DeviceError for what the layer cannot do.
  virtual void prepare(const device_api::StepPlan& plan, int64_t groups) { (void)plan, (void)groups; }
  /// Device addresses of what was routed.
  virtual device_api::RoutingView routing() const = 0;
};

/// prefix: "block3.moe." or "".
std::unique_ptr<Mixture> make_soft_mixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape,
                                           DeviceMemory& memory);
std::unique_ptr<Mixture> make_sparse_mixture(const Weights& weights, const std::string& prefix,
                                             const MixtureShape& shape);

}  // namespace moescope::cuda
