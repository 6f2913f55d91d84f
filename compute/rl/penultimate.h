// The layer before the output, which the deep RL paper replaces by a mixture: dense, Soft MoE or Top-1 MoE over tokens.
#pragma once

#include <optional>

#include "compute/moe/moe_layer.h"
#include "compute/rl/tokens.h"

namespace moescope::rl {

/// What a pass through a network carries.
struct QPass {
  Arena* arena = nullptr;
  bool training = false;  // router noise, auxiliary losses
  bool backward = false;
  uint64_t seed = 0;
  int64_t step = 0;
  RoutingObserver* observer = nullptr;
  const std::vector<std::vector<uint8_t>>* experts_off = nullptr;  // [0][expert] 1: switched off
  bool tell_auxiliary = false;               // auxiliary losses are computed even where they weigh nothing
  const Tensor* given_noise = nullptr;       // (B,T,E) standard normal draws instead of our own (golden cases)
  const Tensor* given_load_noise = nullptr;  // likewise for the load loss
};

/// Auxiliary losses as Dopamine has them, unweighted means over the states. NUMERICS 5.5.
struct RlAuxiliary {
  double importance = 0;     // CV² of the experts' summed probabilities (top1: noisy ones; soft: mean combine weight)
  double load = 0;           // top1 with a load weight
  double naive_entropy = 0;  // 0.5 (1 - mean entropy of the top experts' counts); carries no gradient
  double weighted = 0;       // what is added to the loss
};

class Penultimate {
 public:
  struct Context {
    Tensor features, tokens, values;  // (B,h,w,c), (B*T,D), (B*T,D) or (B,hidden)
    MoeLayer::Context moe;
    Tensor dlogits;   // of the auxiliary losses: (B*T,E), top1
    Tensor dcombine;  // (B*T,Q), soft
    RlAuxiliary auxiliary;
  };

  /// Parameters: "fc.w", "fc.b" (dense, times widen), or "moe." + those of MoeLayer, and "embed.*".
  Penultimate(ParameterSet& parameters, const RlConfig& config, const MapShape& map);

  /// F, and (B,F) made in the arena from features (B,h,w,c). No ReLU after a mixture (NUMERICS 5.1).
  int64_t width() const { return width_; }
  Tensor forward(const Tensor& features, QPass& pass, Context& context) const;
  /// dfeatures (B,h,w,c) in the arena from dy (B,F), which is overwritten; with the auxiliary losses' share.
  Tensor backward(Context& context, const Tensor& dy, QPass& pass) const;

  bool is_mixture() const { return moe_.has_value(); }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const MoeLayer& layer() const { return *moe_; }

 private:
  Pass moe_pass(const QPass& pass) const;
  void auxiliary_losses(const QPass& pass, Context& context) const;

  RlConfig config_;
  RouterConfig knobs_;
  int64_t width_ = 0, dense_width_ = 0;
  std::optional<Tokenizer> tokenizer_;
  Parameter *dense_w_ = nullptr, *dense_b_ = nullptr;
  std::optional<MoeLayer> moe_;
};

}  // namespace moescope::rl
