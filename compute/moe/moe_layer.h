// The mixture-of-experts layer of a block: a router, its experts, and the way from tokens to slots and back.
#pragma once

#include <memory>
#include <string>

#include "compute/moe/routing.h"
#include "compute/nn/parameters.h"
#include "compute/nn/pass.h"

namespace moescope {

/// What a layer is built from; everything else is a live knob in Pass::router.
struct MoeLayerShape {
  RouterKind kind = RouterKind::soft;
  int64_t layer = 0;               // block index, for labels
  int64_t width = 0;               // D
  int64_t hidden = 0;              // H of one expert (H' of GEGLU: w1 is (D,2H'))
  int64_t num_experts = 0;         // E
  int64_t slots_per_expert = 0;    // soft: P
  Activation activation = Activation::gelu_tanh;
  SoftNormalize soft_normalize = SoftNormalize::logits;
  NormEps soft_eps = NormEps::inside;
  double scale_init = 1;
  bool identical_init = false;
  bool bf16_boundary = false;
};

/// Parameters, under `prefix` (names and shapes of the golden files):
///   w1 (E,D,H) b1 (E,H) w2 (E,H,D) b2 (E,D);  sparse: router (D,E);
///   soft: mu (D,E,P), scale () with `logits` and `tokens`; `rms`, `layer`: slots (E,P,D), norm.g (D), slot_norm.g (D); none: mu.
class MoeLayer {
 public:
  /// What a forward pass leaves for the backward pass; its tensors live in the pass's arena.
  struct Context {
    Routing routing;
    Tensor x;                            // (T,D)
    Tensor slots;                        // expert inputs, (E*G*P, D) or (R,D)
    Tensor hidden;                       // before the activation
    Tensor outputs;                      // expert outputs
    Tensor offset;                       // i32 (E+1) rows of each expert in slots
    Tensor normalized_x, normalized_phi; // soft
    Tensor extra[4];                     // router's own
  };

  MoeLayer(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);
  ~MoeLayer();

  /// y (T,D) overwritten from x (T,D), in groups of `group_tokens` consecutive tokens; the last group may be shorter.
  /// Returns with context.routing filled; Pass::observer sees it. mask (T) u8 or empty: padding tokens of soft_rms cases.
  /// Throws ConfigError when a live knob is impossible (k > E, capacity below 1).
  void forward(const Tensor& x, int64_t group_tokens, Pass& pass, const Tensor& y, Context& context, const Tensor& mask = {});
  /// dx (T,D) +=; parameters' gradients +=. `aux_scale` is the weight of this pass in the step's auxiliary loss (the aux
  /// loss of a step is the mean over its groups; a micro-batch of a quarter of them passes 1/4).
  void backward(Context& context, const Tensor& dy, const Tensor& dx, Pass& pass, double aux_scale);

  const MoeLayerShape& shape() const { return shape_; }

 private:
  struct Impl;
  MoeLayerShape shape_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace moescope
