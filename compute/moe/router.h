// What every router is: scores tokens, returns a Routing, and later takes the gradients of what it weighted.
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
  int64_t layer = 0;             // block index, for labels
  int64_t width = 0;             // D
  int64_t hidden = 0;            // H of one expert (H' of GEGLU: w1 is (D,2H'))
  int64_t num_experts = 0;       // E
  int64_t slots_per_expert = 0;  // soft: P
  Activation activation = Activation::gelu_tanh;
  SoftNormalize soft_normalize = SoftNormalize::logits;
  NormEps soft_eps = NormEps::inside;
  SoftMixing mixing = SoftMixing::learned;
  double scale_init = 1;
  bool identical_init = false;
  bool bf16_boundary = false;
};

/// What a router's forward pass leaves for its backward pass; tensors live in the pass's arena.
struct RouterContext {
  Routing routing;
  int64_t group_tokens = 0;                   // tokens of a full group; the data may hold fewer
  Tensor x;                                   // (T,D) what came in
  Tensor tokens;                              // (T,D) what the experts are to see: x, or x normalised
  Tensor mask;                                // (T) u8, or empty
  Tensor normalized_x;                        // (T,D) soft
  Tensor normalized_phi;                      // soft: (D,Q), or (Q,D) with slot embeddings
  Tensor x_mean, x_rstd, phi_mean, phi_rstd;  // soft `layer`
};

/// The gradients that the way through the experts leaves for the router.
struct RoutingGradient {
  Tensor pair_weight;        // sparse: (R) of each kept pair's weight
  Tensor dispatch, combine;  // soft: (T,Q); overwritten on the way
  Tensor tokens;             // soft, when the experts saw normalised tokens: (T,D), theirs; otherwise empty
  Tensor logits;             // sparse: (T,E) of losses outside the layer that look at its logits; or empty
};

class Router {
 public:
  virtual ~Router() = default;
  /// Fills context.routing (and what the backward pass needs) for x (T,D) in groups of routing.tokens consecutive
  /// tokens; the layer has set the routing's sizes. Throws ConfigError when a live knob is impossible.
  virtual void forward(const Tensor& x, const Pass& pass, RouterContext& context) const = 0;
  /// dx (T,D) += through the scores; the router's own gradients +=. aux_scale as in MoeLayer::backward.
  virtual void backward(const RouterContext& context, const RoutingGradient& gradient, const Tensor& dx,
                        const Pass& pass, double aux_scale) const = 0;
};

/// The router of a layer, its parameters registered under `prefix`.
std::unique_ptr<Router> make_router(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);

/// "block3.moe" and "w1" give "block3.moe.w1"; an empty prefix gives "w1".
inline std::string joined(const std::string& prefix, const char* name) {
  return prefix.empty() ? name : prefix + "." + name;
}

/// What the noise of a layer is drawn from; the same on every device.
uint64_t router_noise_seed(uint64_t seed, int64_t step, int64_t part, int64_t layer);

/// Adds deviation * standard normal draws to x: the pass's given ones, or the stream of (seed, step, part, layer).
void add_router_noise(const Pass& pass, int64_t layer, float deviation, const Tensor& x);

}  // namespace moescope
