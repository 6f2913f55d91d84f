// One dense layer, or tokens through a mixture with Dopamine's auxiliary losses beside it.
#include "compute/rl/penultimate.h"

#include <algorithm>
#include <cmath>

#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/moe/auxiliary_losses.h"
#include "compute/ops/activation/activation.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/rectified_matmul/rectified_matmul.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {
namespace {

MoeLayerShape layer_shape(const RlConfig& c, const Tokenizer& tokenizer) {
  MoeLayerShape shape;
  const bool soft = c.layer == RlLayer::soft;
  shape.kind = soft ? RouterKind::soft : RouterKind::tokens_choice;
  shape.width = tokenizer.width();
  shape.hidden = c.divide_hidden ? c.hidden / c.experts : c.hidden;
  shape.num_experts = c.experts;
  shape.activation = Activation::relu;
  shape.soft_normalize = c.normalize ? SoftNormalize::logits : SoftNormalize::none;
  shape.soft_eps = NormEps::outside;
  const double fair = static_cast<double>(tokenizer.tokens()) * c.capacity_factor / static_cast<double>(c.experts);
  if (soft) shape.slots_per_expert = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(fair)));
  return shape;
}

RouterConfig knobs_of(const RlConfig& c) {
  RouterConfig knobs;
  knobs.kind = c.layer == RlLayer::soft ? RouterKind::soft : RouterKind::tokens_choice;
  knobs.num_experts = c.experts;
  knobs.noise_std = c.layer == RlLayer::soft ? 0 : c.router_noise;
  knobs.capacity_factor = c.capacity_factor;
  knobs.capacity_rounding = CapacityRounding::ceil;
  knobs.importance_weight = knobs.load_weight = knobs.gshard_weight = 0;  // Dopamine's own are added here
  return knobs;
}

/// 1 - entropy of how often each expert is a token's best, in the logarithm to the base E. NUMERICS 5.5.
double missing_entropy(const std::vector<double>& counts) {
  if (counts.size() == 1) return 0;  // upstream: NaN
  double total = 0, entropy = 0;
  for (double n : counts) total += n + 1e-6;
  for (double n : counts) entropy -= (n + 1e-6) / total * std::log((n + 1e-6) / total);
  return 1 - entropy / std::log(static_cast<double>(counts.size()));
}

}  // namespace

Penultimate::Penultimate(ParameterSet& parameters, const RlConfig& config, const MapShape& map)
    : config_(config), knobs_(knobs_of(config)) {
  if (config.layer == RlLayer::dense) {
    width_ = dense_width_ = config.hidden * config.widen;
    dense_w_ =
        parameters.add("fc.w", {map.size(), width_}, ParameterRole::kernel, Init::xavier_uniform(map.size(), width_));
    dense_b_ = parameters.add("fc.b", {width_}, ParameterRole::bias, Init::constant(0));
    return;
  }
  tokenizer_.emplace(parameters, config.tokens, map, config.patch, config.embedding);
  width_ = tokenizer_->tokens() * tokenizer_->width();
  moe_.emplace(parameters, "moe", layer_shape(config, *tokenizer_));
  for (const char* bias : {"moe.b1", "moe.b2"}) parameters.find(bias)->init = Init::constant(0);
}

Pass Penultimate::moe_pass(const QPass& pass) const {
  Pass p;
  p.arena = pass.arena;
  p.router = &knobs_;
  p.training = pass.training;
  p.backward = pass.backward;
  p.seed = pass.seed;
  p.step = pass.step;
  p.observer = pass.observer;
  p.experts_off = pass.experts_off;
  p.given_noise = pass.given_noise;
  return p;
}

Tensor Penultimate::forward(const Tensor& features, QPass& pass, Context& c) const {
  const int64_t states = features.dim(0);
  Arena& arena = *pass.arena;
  c.features = features;
  c.auxiliary = {};
  c.dlogits = c.dcombine = {};
  if (dense_w_) {
    c.tokens = features.reshaped({states, features.size() / states});
    c.values = arena.make({states, width_});
    rectified_matmul(c.tokens, dense_w_->value, dense_b_->value, c.values);  // every encoder ends in a ReLU
    activation(Activation::relu, c.values, c.values);
    return c.values;
  }
  c.tokens = tokenizer_->forward(features, arena);
  c.values = arena.make(c.tokens.shape());
  Pass layer_pass = moe_pass(pass);
  moe_->forward(c.tokens, tokenizer_->tokens(), layer_pass, c.values, c.moe);
  if (pass.training) auxiliary_losses(pass, c);
  return c.values.reshaped({states, width_});
}

Tensor Penultimate::backward(Context& c, const Tensor& dy, QPass& pass) const {
  Arena& arena = *pass.arena;
  if (dense_w_) {
    activation_backward(Activation::relu, c.values, dy, dy);  // the output tells as much as the input of a ReLU
    const Tensor dfeatures = arena.make(c.features.shape());
    rectified_matmul_weights(c.tokens, dy, dense_w_->gradient);
    add_column_sums(dy, dense_b_->gradient);
    matmul(dy, dense_w_->value, dfeatures.reshaped(c.tokens.shape()), {.transpose_b = true});
    return dfeatures;
  }
  const Tensor dtokens = arena.zeros(c.tokens.shape());
  Pass layer_pass = moe_pass(pass);
  RoutingGradient outside;
  outside.logits = c.dlogits;
  outside.combine = c.dcombine;
  moe_->backward(c.moe, dy.reshaped(c.values.shape()), dtokens, layer_pass, 1, outside);
  return tokenizer_->backward(c.features, dtokens, arena);
}

namespace {

/// Dopamine's losses of one batch; states are the routing's groups.
class AuxiliaryOfBatch {
 public:
  AuxiliaryOfBatch(const RlConfig& config, const Routing& routing, const QPass& pass)
      : config_(config),
        routing_(routing),
        pass_(pass),
        experts_(static_cast<size_t>(routing.experts)),
        importance_weight_(config.importance_weight / static_cast<double>(routing.groups)),
        load_weight_(config.load_weight / static_cast<double>(routing.groups)) {}

  RlAuxiliary run(const Tensor& dlogits, const Tensor& dcombine) {
    const bool soft = routing_.kind == RouterKind::soft;
    for (int64_t g = 0; g < routing_.groups; ++g) soft ? add_soft(g, dcombine) : add_sparse(g, dlogits);
    const double share = 1 / static_cast<double>(routing_.groups);
    RlAuxiliary result{sum_.importance * share, sum_.load * share, 0.5 * sum_.naive_entropy * share, 0};
    result.weighted = config_.importance_weight * result.importance + config_.load_weight * result.load;
    return result;
  }

 private:
  /// The probability of an expert is the mean of a token's combine weights over the expert's slots.
  void add_soft(int64_t g, const Tensor& dcombine) {
    const int64_t slots = routing_.slots_per_expert, experts = routing_.experts, tokens = routing_.tokens;
    const int64_t at = g * tokens * experts * slots;
    std::vector<float> importance(experts_, 0), row(experts_), gradient(experts_);
    std::vector<double> top(experts_, 0);
    for (int64_t t = 0; t < tokens; ++t) {
      const float* weights = routing_.combine.f32() + at + t * experts * slots;
      for (size_t e = 0; e < experts_; ++e) {
        double sum = 0;
        for (int64_t j = 0; j < slots; ++j) sum += weights[static_cast<int64_t>(e) * slots + j];
        importance[e] += row[e] = static_cast<float>(sum / static_cast<double>(slots));
      }
      top[static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin())] += 1;
    }
    sum_.importance += cv_squared(importance.data(), experts);
    sum_.naive_entropy += missing_entropy(top);
    if (dcombine.empty()) return;
    cv_squared_gradient(importance.data(), experts, importance_weight_ / static_cast<double>(slots), gradient.data());
    for (int64_t i = 0; i < tokens * experts * slots; ++i)
      dcombine.f32()[at + i] = gradient[static_cast<size_t>(i / slots % experts)];
  }

  /// V-MoE's losses, but the importance sees the noisy probabilities and the load a draw of its own.
  void add_sparse(int64_t g, const Tensor& dlogits) {
    const int64_t experts = routing_.experts, tokens = routing_.tokens, at = g * tokens * experts;
    const bool load = config_.load_weight > 0 || pass_.given_load_noise;
    fresh_logits(g, load);
    GroupScores scores;
    scores.logits = routing_.logits.f32() + at;
    scores.noisy_logits = fresh_.data();
    scores.gates = scores.clean_gates = routing_.gates.f32() + at;
    scores.expert = fresh_best_.data();
    scores.tokens = tokens, scores.experts = experts, scores.k = 1;
    scores.noise_deviation = load ? static_cast<float>(config_.load_noise / static_cast<double>(experts)) : 0;
    std::vector<float> sums(3 * experts_), scratch(2 * experts_);
    std::vector<double> wide(experts_), top(experts_, 0);
    const AuxiliaryLosses losses = group_losses(scores, sums.data(), wide.data());
    for (int64_t t = 0; t < tokens; ++t) top[static_cast<size_t>(routing_.expert.i32()[g * tokens + t])] += 1;
    sum_.importance += losses.importance;
    sum_.load += losses.load;
    sum_.naive_entropy += missing_entropy(top);
    if (!dlogits.empty())
      balance_backward(scores, sums.data(), {importance_weight_, load_weight_, 0}, dlogits.f32() + at, scratch.data());
  }

  /// Clean logits plus a fresh draw, and each token's best under it.
  void fresh_logits(int64_t g, bool load) {
    const int64_t experts = routing_.experts, count = routing_.tokens * experts;
    const float* clean = routing_.logits.f32() + g * count;
    fresh_.assign(clean, clean + count);
    const auto deviation = static_cast<float>(config_.load_noise / static_cast<double>(experts));
    if (load && pass_.given_load_noise) {
      for (int64_t i = 0; i < count; ++i)
        fresh_[static_cast<size_t>(i)] += deviation * pass_.given_load_noise->f32()[g * count + i];
    } else if (load) {
      Rng rng(pass_.seed, RngPurpose{103}, static_cast<uint64_t>(pass_.step), static_cast<uint64_t>(g));
      for (float& f : fresh_) f += deviation * static_cast<float>(rng.normal());
    }
    fresh_best_.resize(static_cast<size_t>(routing_.tokens));
    for (size_t t = 0; t < fresh_best_.size(); ++t) {
      const float* row = fresh_.data() + t * experts_;
      fresh_best_[t] = static_cast<int32_t>(std::max_element(row, row + experts_) - row);
    }
  }

  const RlConfig& config_;
  const Routing& routing_;
  const QPass& pass_;
  size_t experts_;
  double importance_weight_, load_weight_;
  RlAuxiliary sum_;
  std::vector<float> fresh_;
  std::vector<int32_t> fresh_best_;
};

}  // namespace

void Penultimate::auxiliary_losses(const QPass& pass, Context& c) const {
  const Routing& routing = c.moe.routing;
  const bool soft = routing.kind == RouterKind::soft;
  const bool weighted = config_.importance_weight > 0 || (!soft && config_.load_weight > 0);
  if (!weighted && !pass.tell_auxiliary) return;
  if (weighted && pass.backward) {
    if (soft)
      c.dcombine = pass.arena->zeros(routing.combine.shape());
    else
      c.dlogits = pass.arena->zeros(routing.logits.shape());
  }
  c.auxiliary = AuxiliaryOfBatch(config_, routing, pass).run(c.dlogits, c.dcombine);
}

}  // namespace moescope::rl
