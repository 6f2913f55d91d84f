// Soft MoE (arXiv 2308.00951): every slot is a mixture of the group's tokens, every token a mixture of all slots'
// outputs.
#pragma once

#include "compute/moe/router.h"

namespace moescope {

/// Logits Z = x̂ φ̂ / temperature (+ noise_std * noise in training); dispatch = softmax of Z over the tokens, combine =
/// softmax of the same Z over the slots. What x̂ and φ̂ are is shape.soft_normalize (PAPERS trap 2):
///   logits  unit tokens and scale * unit slots; the experts mix the raw tokens (the Soft MoE paper, vmoe)
///   tokens  the same logits, but the experts mix the unit tokens (the implicit bias paper's code)
///   none    x and mu as they are, no scale (the deep RL paper)
///   rms     root-mean-square normalisation with a learned gain on both; the experts mix normalised tokens
///   (soft-moe-pytorch) layer   the same with layer normalisation, eps 1e-5, no bias
/// shape.mixing puts constants in the place of one softmax or both (the paper's table 2): 1/tokens, 1/slots, or token i
/// to slot i and back; no gradient passes through those, and a fixed softmax is not computed less.
/// Parameters: mu (D,E,P) with scale () for logits and tokens; slots (E,P,D), norm.g (D), slot_norm.g (D) for rms and
/// layer. NUMERICS 1.2, 1.3, 1.7, 1.9.
class SoftRouter : public Router {
 public:
  SoftRouter(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);
  void forward(const Tensor& x, const Pass& pass, RouterContext& context) const override;
  void backward(const RouterContext& context, const RoutingGradient& gradient, const Tensor& dx, const Pass& pass,
                double aux_scale) const override;

  /// Clean logits (T,Q), overwritten; context receives what they were made from.
  void score(const Tensor& x, const Pass& pass, RouterContext& context, const Tensor& logits) const;

 private:
  bool has_embeddings() const;  // rms, layer: slots are rows (Q,D), not columns (D,Q)
  float scale_value() const;
  void fix_weights(const RouterContext& context) const;  // puts what shape.mixing asks for in the softmaxes' place
  bool fixed_dispatch() const;
  bool fixed_combine() const;
  void normalize(const Tensor& x, Arena& arena, RouterContext& context) const;
  void slot_gradients(const RouterContext& context, const Tensor& dlogits, Arena& arena) const;
  void token_gradients(const RouterContext& context, const Tensor& dlogits, const Tensor& dtokens, const Tensor& dx,
                       Arena& arena) const;

  MoeLayerShape shape_;
  Parameter* phi_ = nullptr;  // mu or slots
  Parameter* scale_ = nullptr;
  Parameter* token_gain_ = nullptr;
  Parameter* slot_gain_ = nullptr;
};

/// Full groups, and the last one when it is shorter: the dense ops want equal groups, so they run once for each.
struct GroupRun {
  int64_t groups, tokens;           // groups of so many tokens
  int64_t first_token, first_slot;  // rows in (T,...) and in the slots (E*G*P,...)
};
struct GroupRuns {
  GroupRun run[2];
  int count = 0;
  const GroupRun* begin() const { return run; }
  const GroupRun* end() const { return run + count; }
};
GroupRuns group_runs(const Routing& routing);
/// The rows of a (T,N) tensor that belong to a run, as (groups, tokens, N) or (groups*tokens, N).
Tensor grouped_rows(const Tensor& x, const GroupRun& run);
Tensor flat_rows(const Tensor& x, const GroupRun& run);

}  // namespace moescope
