// The mixture-of-experts layer of a block: a router, its experts, and the way from tokens to slots and back.
#pragma once

#include <memory>
#include <string>

#include "compute/moe/experts.h"
#include "compute/moe/router.h"
#include "compute/moe/routing.h"
#include "compute/nn/parameters.h"
#include "compute/nn/pass.h"

namespace moescope {

struct GroupRun;  // soft_router.h

/// Parameters, under `prefix` (names and shapes of the golden files):
///   w1 (E,D,H) b1 (E,H) w2 (E,H,D) b2 (E,D);  sparse: router (D,E);
///   soft: mu (D,E,P), scale () with `logits` and `tokens`; `rms`, `layer`: slots (E,P,D), norm.g (D), slot_norm.g (D);
///   none: mu.
class MoeLayer {
 public:
  /// What a forward pass leaves for the backward pass; its tensors live in the pass's arena.
  struct Context : RouterContext {
    Tensor slots;          // expert inputs, (E*G*P,D) or (R,D)
    Tensor hidden;         // before the activation
    Tensor outputs;        // expert outputs; the backward pass may overwrite them
    int64_t max_rows = 0;  // R at most
  };

  MoeLayer(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);

  /// y (T,D) overwritten from x (T,D), in groups of `group_tokens` consecutive tokens; the last group may be shorter.
  /// Returns with context.routing filled; Pass::observer sees it. mask (T) u8 or empty: 0 marks padding tokens, which
  /// no slot takes (soft routers; NUMERICS 1.7). Without Pass::backward nothing but the routing is kept in the arena.
  /// Experts switched off by Pass::experts_off do no work: sparse pairs of theirs are dropped, soft slots of theirs
  /// count as zero; the weights of the others stay as they are (PAPERS 2.5). The same holds for the experts that
  /// Pass::what_if switches off or does not keep. Throws ConfigError when a live knob is impossible (k > E, capacity
  /// below 1), ShapeError when x is not (T,D).
  void forward(const Tensor& x, int64_t group_tokens, Pass& pass, const Tensor& y, Context& context,
               const Tensor& mask = {}) const;
  /// dx (T,D) +=; parameters' gradients +=. `aux_scale` is the weight of this pass in the step's auxiliary loss (the
  /// aux loss of a step is the mean over its groups; a micro-batch of a quarter of them passes 1/4). Once per forward
  /// pass. `outside`: what losses outside the layer send back to its routing, `logits` (sparse) or `combine` (soft).
  void backward(Context& context, const Tensor& dy, const Tensor& dx, Pass& pass, double aux_scale,
                const RoutingGradient& outside = {}) const;

  /// Soft layers: the logits (T,Q) of x without noise, in the pass's arena; forward() keeps only their two softmaxes.
  Tensor soft_logits(const Tensor& x, const Pass& pass) const;

  const MoeLayerShape& shape() const { return shape_; }

 private:
  void start_routing(const Tensor& x, int64_t group_tokens, const Pass& pass, const Tensor& mask,
                     Context& context) const;
  void forward_sparse(Pass& pass, const Tensor& y, Context& context) const;
  void forward_soft(Pass& pass, const Tensor& y, Context& context) const;
  void run_experts(const Routing& routing, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                   const Tensor& outputs, int64_t max_rows, Arena& arena) const;
  void run_kept_slots(const Routing& routing, const GroupRun& run, const Tensor& slots, const Tensor& outputs,
                      Arena& arena) const;
  void backward_sparse(Context& context, const Tensor& dy, const Tensor& dx, Pass& pass, double aux_scale,
                       const RoutingGradient& outside) const;
  void backward_soft(Context& context, const Tensor& dy, const Tensor& dx, Pass& pass,
                     const RoutingGradient& outside) const;

  MoeLayerShape shape_;
  Experts experts_;
  std::unique_ptr<Router> router_;
};

}  // namespace moescope
