// Scores of tokens against slots, in the five normalisations of the public code.
#include "compute/moe/soft_router.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "compute/core/error.h"
#include "compute/moe/intervention.h"
#include "compute/ops/l2_normalize/l2_normalize.h"
#include "compute/ops/layer_norm/layer_norm.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/ops/soft_weights/soft_weights.h"

namespace moescope {
namespace {

constexpr float kTorchLayerNormEps = 1e-5f;

void fill_masked_rows(const Tensor& mask, const Tensor& x, float value) {
  for (int64_t t = 0; t < x.dim(0); ++t)
    if (mask.u8()[t] == 0) fill(x.rows(t, t + 1), value);
}

/// Of each expert's `has` columns the first `wanted`.
void copy_first_slots(const Tensor& from, int64_t has, const Tensor& to, int64_t wanted) {
  const int64_t blocks = from.size() / has;
  for (int64_t i = 0; i < blocks; ++i) std::copy_n(from.f32() + i * has, wanted, to.f32() + i * wanted);
}

/// Weights of one group that are the same for all: each slot takes every token alike (dispatch), or each token every
/// slot (combine). Padding gets none.
void fill_uniform_dispatch(const Routing& r, int64_t first, int64_t tokens, const Tensor& mask) {
  int64_t present = 0;
  for (int64_t t = first; t < first + tokens; ++t) present += mask.empty() || mask.u8()[t] != 0;
  for (int64_t t = first; t < first + tokens; ++t)
    fill(r.dispatch.rows(t, t + 1), mask.empty() || mask.u8()[t] != 0 ? 1 / static_cast<float>(present) : 0);
}

/// Token i to slot i, and back from there alone. `slots_of_expert`: of the layer; the routing may hold fewer.
void fill_identity(const Routing& r, int64_t first, int64_t tokens, int64_t slots_of_expert, const Tensor& weights) {
  const int64_t slots = weights.dim(1);
  fill(weights.rows(first, first + tokens), 0);
  for (int64_t t = 0; t < tokens; ++t) {
    const int64_t expert = t / slots_of_expert, slot = t % slots_of_expert;
    if (expert < r.experts && slot < r.slots_per_expert)
      weights.f32()[(first + t) * slots + expert * r.slots_per_expert + slot] = 1;
  }
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a.f32()[i]) * b.f32()[i];
  return sum;
}

}  // namespace

GroupRuns group_runs(const Routing& r) {
  GroupRuns runs;
  const int64_t last = r.group_size(r.groups - 1), full = last == r.tokens ? r.groups : r.groups - 1;
  if (full > 0) runs.run[runs.count++] = {full, r.tokens, 0, 0};
  if (full < r.groups) runs.run[runs.count++] = {1, last, full * r.tokens, full * r.experts * r.slots_per_expert};
  return runs;
}

Tensor flat_rows(const Tensor& x, const GroupRun& run) {
  return x.rows(run.first_token, run.first_token + run.groups * run.tokens);
}

Tensor grouped_rows(const Tensor& x, const GroupRun& run) {
  return flat_rows(x, run).reshaped({run.groups, run.tokens, x.dim(1)});
}

SoftRouter::SoftRouter(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape)
    : shape_(shape) {
  const int64_t width = shape.width, experts = shape.num_experts, slots = shape.slots_per_expert;
  if (has_embeddings()) {
    phi_ = parameters.add(joined(prefix, "slots"), {experts, slots, width}, ParameterRole::slots, Init::normal(1));
    token_gain_ = parameters.add(joined(prefix, "norm.g"), {width}, ParameterRole::norm, Init::constant(1));
    slot_gain_ = parameters.add(joined(prefix, "slot_norm.g"), {width}, ParameterRole::norm, Init::constant(1));
    return;
  }
  // jax counts every axis but the last as fan-in: E*D, not D (NUMERICS 1.8).
  phi_ = parameters.add(joined(prefix, "mu"), {width, experts, slots}, ParameterRole::slots,
                        Init::lecun_normal(experts * width));
  if (shape.soft_normalize != SoftNormalize::none)
    scale_ = parameters.add(joined(prefix, "scale"), {}, ParameterRole::scale, Init::constant(shape.scale_init));
}

bool SoftRouter::has_embeddings() const {
  return shape_.soft_normalize == SoftNormalize::rms || shape_.soft_normalize == SoftNormalize::layer;
}

float SoftRouter::scale_value() const { return scale_ ? scale_->value.f32()[0] : 1; }

void SoftRouter::normalize(const Tensor& x, Arena& arena, RouterContext& c) const {
  const int64_t width = shape_.width, slots = shape_.num_experts * shape_.slots_per_expert;
  c.tokens = c.normalized_x = x;
  c.normalized_phi = phi_->value.reshaped(has_embeddings() ? Shape{slots, width} : Shape{width, slots});
  if (shape_.soft_normalize == SoftNormalize::none) return;
  const Tensor phi = c.normalized_phi;
  c.normalized_x = arena.make(x.shape());
  c.normalized_phi = arena.make(phi.shape());
  if (shape_.soft_normalize == SoftNormalize::rms) {
    const float gain = std::sqrt(static_cast<float>(width));
    l2_normalize_rows(NormEps::clamp, x, c.normalized_x, gain, token_gain_->value);
    l2_normalize_rows(NormEps::clamp, phi, c.normalized_phi, gain, slot_gain_->value);
  } else if (shape_.soft_normalize == SoftNormalize::layer) {
    c.x_mean = arena.make({x.dim(0)}), c.x_rstd = arena.make({x.dim(0)});
    c.phi_mean = arena.make({slots}), c.phi_rstd = arena.make({slots});
    layer_norm(x, token_gain_->value, {}, c.normalized_x, c.x_mean, c.x_rstd, kTorchLayerNormEps);
    layer_norm(phi, slot_gain_->value, {}, c.normalized_phi, c.phi_mean, c.phi_rstd, kTorchLayerNormEps);
  } else {
    l2_normalize_rows(shape_.soft_eps, x, c.normalized_x);
    l2_normalize_columns(shape_.soft_eps, phi, c.normalized_phi, scale_value());
  }
  if (shape_.soft_normalize != SoftNormalize::logits) c.tokens = c.normalized_x;
}

void SoftRouter::score(const Tensor& x, const Pass& pass, RouterContext& c, const Tensor& logits) const {
  normalize(x, *pass.arena, c);
  matmul(c.normalized_x, c.normalized_phi, logits, {.transpose_b = has_embeddings()});
  if (pass.router->temperature != 1) scale(logits, static_cast<float>(1 / pass.router->temperature));
}

void SoftRouter::forward(const Tensor& x, const Pass& pass, RouterContext& c) const {
  Routing& r = c.routing;
  r.slots_per_expert = shape_.slots_per_expert;
  if (pass.what_if) r.slots_per_expert = slots_under(*pass.what_if, shape_.slots_per_expert);
  r.scale = scale_value();
  const Shape shape{r.total_tokens, r.experts * r.slots_per_expert};
  r.dispatch = pass.arena->make(shape);
  r.combine = pass.arena->make(shape);
  const Tensor logits = r.combine;  // one softmax overwrites what the other has read
  if (r.slots_per_expert == shape_.slots_per_expert) {
    score(x, pass, c, logits);
  } else {
    const Tensor all = pass.arena->make({r.total_tokens, r.experts * shape_.slots_per_expert});
    score(x, pass, c, all);
    copy_first_slots(all, shape_.slots_per_expert, logits, r.slots_per_expert);
  }
  if (pass.training && pass.router->noise_std > 0)
    add_router_noise(pass, shape_.layer, static_cast<float>(pass.router->noise_std), logits);
  if (!c.mask.empty()) fill_masked_rows(c.mask, logits, -std::numeric_limits<float>::max());
  for (const GroupRun& run : group_runs(r))
    soft_weights(grouped_rows(logits, run), grouped_rows(r.dispatch, run), grouped_rows(r.combine, run));
  if (shape_.mixing != SoftMixing::learned) fix_weights(c);
  choose_kept(pass, r, *pass.arena);
  force_combine(pass, r);
}

void SoftRouter::fix_weights(const RouterContext& c) const {
  const Routing& r = c.routing;
  for (int64_t g = 0; g < r.groups; ++g) {
    const int64_t first = g * r.tokens, tokens = r.group_size(g);
    if (shape_.mixing == SoftMixing::identity) {
      fill_identity(r, first, tokens, shape_.slots_per_expert, r.dispatch);
      fill_identity(r, first, tokens, shape_.slots_per_expert, r.combine);
      continue;
    }
    if (fixed_dispatch()) fill_uniform_dispatch(r, first, tokens, c.mask);
    if (fixed_combine()) fill(r.combine.rows(first, first + tokens), 1 / static_cast<float>(r.combine.dim(1)));
  }
}

bool SoftRouter::fixed_dispatch() const {
  return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_combine;
}

bool SoftRouter::fixed_combine() const {
  return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_dispatch;
}

void SoftRouter::slot_gradients(const RouterContext& c, const Tensor& dlogits, Arena& arena) const {
  const Tensor phi = phi_->value.reshaped(c.normalized_phi.shape()),
               dphi = phi_->gradient.reshaped(c.normalized_phi.shape());
  if (shape_.soft_normalize == SoftNormalize::none) {
    matmul(c.x, dlogits, dphi, {.transpose_a = true, .accumulate = true});
    return;
  }
  const ArenaScope scope(arena);
  const Tensor psi = arena.make(phi.shape());
  if (has_embeddings()) {
    matmul(dlogits, c.normalized_x, psi, {.transpose_a = true});
    if (shape_.soft_normalize == SoftNormalize::rms)
      l2_normalize_rows_backward(NormEps::clamp, phi, psi, dphi, std::sqrt(static_cast<float>(shape_.width)),
                                 slot_gain_->value, slot_gain_->gradient);
    else
      layer_norm_backward(phi, slot_gain_->value, c.phi_mean, c.phi_rstd, psi, dphi, slot_gain_->gradient, {});
    return;
  }
  matmul(c.normalized_x, dlogits, psi, {.transpose_a = true});
  l2_normalize_columns_backward(shape_.soft_eps, phi, psi, dphi, scale_value());
  // dscale = sum of unit slots times psi; made again without the scale, which may be 0
  const Tensor unit = arena.make(phi.shape());
  l2_normalize_columns(shape_.soft_eps, phi, unit);
  scale_->gradient.f32()[0] += static_cast<float>(dot(unit, psi));
}

void SoftRouter::token_gradients(const RouterContext& c, const Tensor& dlogits, const Tensor& dtokens, const Tensor& dx,
                                 Arena& arena) const {
  if (shape_.soft_normalize == SoftNormalize::none) {
    matmul(dlogits, c.normalized_phi, dx, {.transpose_b = true, .accumulate = true});
    return;
  }
  const ArenaScope scope(arena);
  const bool mixed = !dtokens.empty();  // the normalised tokens were mixed too
  const Tensor dnormalized = mixed ? dtokens : arena.make(dx.shape());
  matmul(dlogits, c.normalized_phi, dnormalized, {.transpose_b = !has_embeddings(), .accumulate = mixed});
  if (shape_.soft_normalize == SoftNormalize::rms)
    l2_normalize_rows_backward(NormEps::clamp, c.x, dnormalized, dx, std::sqrt(static_cast<float>(shape_.width)),
                               token_gain_->value, token_gain_->gradient);
  else if (shape_.soft_normalize == SoftNormalize::layer)
    layer_norm_backward(c.x, token_gain_->value, c.x_mean, c.x_rstd, dnormalized, dx, token_gain_->gradient, {});
  else
    l2_normalize_rows_backward(shape_.soft_eps, c.x, dnormalized, dx);
}

void SoftRouter::backward(const RouterContext& c, const RoutingGradient& gradient, const Tensor& dx, const Pass& pass,
                          double) const {
  const Routing& r = c.routing;
  const Tensor dlogits = gradient.combine;
  if (fixed_dispatch()) fill(gradient.dispatch, 0);
  if (fixed_combine()) fill(gradient.combine, 0);
  for (const GroupRun& run : group_runs(r))
    soft_weights_backward(grouped_rows(r.dispatch, run), grouped_rows(r.combine, run),
                          grouped_rows(gradient.dispatch, run), grouped_rows(gradient.combine, run),
                          grouped_rows(dlogits, run));
  if (!c.mask.empty()) fill_masked_rows(c.mask, dlogits, 0);
  if (r.temperature != 1) scale(dlogits, static_cast<float>(1 / r.temperature));
  slot_gradients(c, dlogits, *pass.arena);
  token_gradients(c, dlogits, gradient.tokens, dx, *pass.arena);
}

}  // namespace moescope
