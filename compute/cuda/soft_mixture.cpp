// Soft MoE: logits, both softmaxes, and dense mixtures by batched products, a group each. The experts want their slots
// side by side, (E,G,P,D), the mixtures those of a group, (G,E,P,D): a fixed table of rows turns one into the other.
#include <cmath>
#include <map>
#include <vector>

#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/gather.h"
#include "compute/cuda/kernels/l2_normalize.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/cuda/kernels/soft_weights.h"
#include "compute/cuda/mixture.h"

namespace moescope::cuda {
namespace {

constexpr float kTorchLayerNormEps = 1e-5f;  // NUMERICS 1.7

Epsilon epsilon_of(NormEps eps) {
  return eps == NormEps::inside ? Epsilon::inside : eps == NormEps::outside ? Epsilon::outside : Epsilon::clamp;
}

class SoftMixture : public Mixture {
 public:
  SoftMixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape, DeviceMemory& memory)
      : shape_(shape),
        memory_(&memory),
        phi_(weights.get(prefix + (has_embeddings() ? "slots" : "mu"))),
        scale_(weights.get_or_none(prefix + "scale")),
        token_gain_(weights.get_or_none(prefix + "norm.g")),
        slot_gain_(weights.get_or_none(prefix + "slot_norm.g")),
        experts_(weights, prefix, shape.experts, shape.width, shape.hidden, shape.activation) {}

  void forward(const Run& run, const MixtureInput& input, float* y) override;
  void backward(const Run& run, const float* dy, float* dx) override;
  device_api::RoutingView routing() const override;
  void prepare(int64_t groups) override;

 private:
  bool has_embeddings() const {
    return shape_.normalize == SoftNormalize::rms || shape_.normalize == SoftNormalize::layer;
  }
  bool fixed_dispatch() const {
    return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_combine;
  }
  bool fixed_combine() const {
    return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_dispatch;
  }
  int64_t slots() const { return shape_.experts * shape_.slots_per_expert; }
  int64_t group_tokens() const { return in_.tokens / groups_; }
  float rms_gain() const { return std::sqrt(static_cast<float>(shape_.width)); }
  void normalize(const Run& run);
  void weigh(const Run& run);
  void fix(const Run& run, float* weights, float value) const;
  void intervene(const Run& run);
  void reorder(const Run& run, const float* from, float* to, bool by_expert) const;
  void slot_gradients(const Run& run, const float* dlogits) const;
  void token_gradients(const Run& run, const float* dlogits, float* dmixed, float* dx) const;

  MixtureShape shape_;
  DeviceMemory* memory_;
  Weight phi_, scale_, token_gain_, slot_gain_;
  Experts experts_;
  std::map<int64_t, Buffer> orders_;  // by number of groups: (2,E*G*P) rows to take, by expert and back

  // of the last forward pass
  MixtureInput in_;
  int64_t groups_ = 0;
  float *normalized_x_ = nullptr, *normalized_phi_ = nullptr, *mixed_ = nullptr;  // mixed_: what the experts see of x
  float *x_mean_ = nullptr, *x_rstd_ = nullptr, *phi_mean_ = nullptr, *phi_rstd_ = nullptr;
  float *logits_ = nullptr, *dispatch_ = nullptr, *combine_ = nullptr, *outputs_ = nullptr;  // outputs (G,Q,D)
  const uint8_t* unit_off_ = nullptr;
  float* shown_combine_ = nullptr;
  Experts::Context kept_;
};

void SoftMixture::prepare(int64_t groups) {
  if (groups == 1 || orders_.contains(groups)) return;
  const int64_t experts = shape_.experts, p = shape_.slots_per_expert, rows = experts * groups * p;
  std::vector<int32_t> order(static_cast<size_t>(2 * rows));
  for (int64_t e = 0; e < experts; ++e)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t j = 0; j < p; ++j) {
        const int64_t by_expert = (e * groups + g) * p + j, by_group = (g * experts + e) * p + j;
        order[static_cast<size_t>(by_expert)] = static_cast<int32_t>(by_group);
        order[static_cast<size_t>(rows + by_group)] = static_cast<int32_t>(by_expert);
      }
  Buffer made(*memory_, {2 * rows}, DType::i32);
  const Stream stream;
  check(cudaMemcpyAsync(made.tensor().data(), order.data(), order.size() * sizeof(int32_t), cudaMemcpyHostToDevice,
                        stream),
        "cudaMemcpyAsync");
  stream.synchronize();
  orders_.emplace(groups, std::move(made));
}

void SoftMixture::reorder(const Run& run, const float* from, float* to, bool by_expert) const {
  const int64_t rows = groups_ * slots();
  if (groups_ == 1) {
    run.copy(from, to, rows * shape_.width * static_cast<int64_t>(sizeof(float)));
    return;
  }
  int32_t* table = orders_.at(groups_).i32() + (by_expert ? 0 : rows);
  const SlotTable order{table, nullptr, nullptr, rows, shape_.experts, groups_, shape_.slots_per_expert, 1};
  run.launch(launch_dispatch, {.slots = order, .x = from, .rows = to, .rows_bf16 = nullptr, .columns = shape_.width});
}

void SoftMixture::normalize(const Run& run) {
  const int64_t tokens = in_.tokens, width = shape_.width, q = slots();
  normalized_x_ = const_cast<float*>(in_.x), normalized_phi_ = phi_.value;
  mixed_ = normalized_x_;
  if (shape_.normalize == SoftNormalize::none) return;
  normalized_x_ = run.floats(tokens * width), normalized_phi_ = run.floats(q * width);
  if (shape_.normalize == SoftNormalize::layer) {
    x_mean_ = run.floats(tokens), x_rstd_ = run.floats(tokens), phi_mean_ = run.floats(q), phi_rstd_ = run.floats(q);
    run.launch(launch_layer_norm, {in_.x, nullptr, token_gain_.value, nullptr, normalized_x_, x_mean_, x_rstd_, nullptr,
                                   nullptr, tokens, width, kTorchLayerNormEps});
    run.launch(launch_layer_norm, {phi_.value, nullptr, slot_gain_.value, nullptr, normalized_phi_, phi_mean_,
                                   phi_rstd_, nullptr, nullptr, q, width, kTorchLayerNormEps});
  } else if (shape_.normalize == SoftNormalize::rms) {
    run.launch(launch_l2_normalize_rows,
               {in_.x, normalized_x_, tokens, width, Epsilon::clamp, rms_gain(), nullptr, token_gain_.value});
    run.launch(launch_l2_normalize_rows,
               {phi_.value, normalized_phi_, q, width, Epsilon::clamp, rms_gain(), nullptr, slot_gain_.value});
  } else {
    const Epsilon eps = epsilon_of(shape_.epsilon);
    run.launch(launch_l2_normalize_rows, {in_.x, normalized_x_, tokens, width, eps, 1, nullptr, nullptr});
    run.launch(launch_l2_normalize_columns, {phi_.value, normalized_phi_, width, q, eps, 1, scale_.value, nullptr});
  }
  if (shape_.normalize != SoftNormalize::logits) mixed_ = normalized_x_;
}

void SoftMixture::weigh(const Run& run) {
  const int64_t tokens = in_.tokens, q = slots(), size = tokens * q;
  dispatch_ = run.floats(size), combine_ = run.floats(size);
  logits_ = run.plan.keep_logits ? run.floats(size) : nullptr;
  const ArenaScope scope(run.arena);
  float* logits = combine_;  // one softmax overwrites what the other has read
  run.multiply(
      dense_product(normalized_x_, normalized_phi_, logits, 1, tokens, q, shape_.width, {.b = has_embeddings()}));
  if (logits_) run.copy(logits, logits_, size * static_cast<int64_t>(sizeof(float)));
  float cooled = 1 / run.plan.temperature;
  if (run.plan.training && run.plan.noise_deviation > 0) {  // comes after the temperature
    if (cooled != 1) scale(run, logits, size, cooled);
    cooled = 1;
    const float* noise = in_.noise;
    if (!noise) {
      float* drawn = run.floats(size);
      run.launch(launch_router_noise, {.seed = in_.seed, .out = drawn, .size = size});
      noise = drawn;
    }
    add(run, noise, logits, size, run.plan.noise_deviation);
  }
  run.launch(launch_soft_weights, {.logits = logits,
                                   .dispatch = dispatch_,
                                   .combine = combine_,
                                   .mask = in_.mask,
                                   .groups = groups_,
                                   .tokens = group_tokens(),
                                   .slots = q,
                                   .scale = cooled});
  if (fixed_dispatch()) fix(run, dispatch_, 1 / static_cast<float>(group_tokens()));
  if (fixed_combine()) fix(run, combine_, 1 / static_cast<float>(q));
}

/// What router.mixing puts in a softmax's place.
void SoftMixture::fix(const Run& run, float* weights, float value) const {
  if (in_.mask) throw DeviceError(device_api::Fault::refused, "router.mixing with padding");
  run.launch(launch_fix_weights, {.weights = weights,
                                  .groups = groups_,
                                  .tokens = group_tokens(),
                                  .slots = slots(),
                                  .value = value,
                                  .identity = shape_.mixing == SoftMixing::identity});
}

/// In inference: nothing reads the weights again that are changed here.
void SoftMixture::intervene(const Run& run) {
  const int64_t experts = shape_.experts, p = shape_.slots_per_expert;
  const ExpertsOff off = choose_off(run, in_, combine_, experts, p, group_tokens());  // by the weights as they are
  unit_off_ = off.unit;
  if (in_.forced)
    run.launch(launch_force_combine, {.combine = combine_,
                                      .forced = in_.forced,
                                      .tokens = in_.tokens,
                                      .experts = experts,
                                      .slots = p,
                                      .image_tokens = in_.image_tokens,
                                      .num_forced = run.plan.num_forced,
                                      .layer = in_.layer});
  shown_combine_ = combine_;
  if (!off.expert && !off.unit) return;
  if (run.plan.keep_logits) {  // maps show the weights that would have been
    const int64_t size = in_.tokens * slots();
    shown_combine_ = run.floats(size);
    run.copy(combine_, shown_combine_, size * static_cast<int64_t>(sizeof(float)));
  }
  run.launch(launch_drop_combine,
             {.combine = combine_, .off = off, .tokens = in_.tokens, .experts = experts, .slots = p});
}

void SoftMixture::forward(const Run& run, const MixtureInput& input, float* y) {
  in_ = input;
  groups_ = in_.tokens / run.plan.group_tokens;
  run.clear(in_.aux, 4 * sizeof(float));
  normalize(run);
  weigh(run);
  intervene(run);
  const int64_t q = slots(), width = shape_.width, s = group_tokens(), size = groups_ * q * width;
  if (shape_.bf16_boundary) {
    float* rounded = run.floats(in_.tokens * width);
    round_to_bf16(run, mixed_, rounded, in_.tokens * width);
    mixed_ = rounded;
  }
  outputs_ = run.floats(size);
  float* by_expert = run.floats(size);
  run.multiply(dense_product(dispatch_, mixed_, outputs_, groups_, q, width, s, {.a = true}));
  reorder(run, outputs_, by_expert, true);
  float* answers = run.floats(size);
  experts_.forward(run, by_expert, answers, groups_ * shape_.slots_per_expert, kept_);
  if (shape_.bf16_boundary) round_to_bf16(run, answers, answers, size);
  reorder(run, answers, outputs_, false);
  run.multiply(dense_product(combine_, outputs_, y, groups_, s, width, q));
}

void SoftMixture::backward(const Run& run, const float* dy, float* dx) {
  const ArenaScope scope(run.arena);
  const int64_t q = slots(), width = shape_.width, s = group_tokens(), size = groups_ * q * width;
  const int64_t wide = in_.tokens * width, weights = in_.tokens * q;
  const bool mixed_normalized = shape_.normalize != SoftNormalize::logits && shape_.normalize != SoftNormalize::none;
  float *dcombine = run.floats(weights), *ddispatch = run.floats(weights);
  float *by_group = run.floats(size), *by_expert = run.floats(size);
  run.multiply(dense_product(dy, outputs_, dcombine, groups_, s, q, width, {.b = true}));
  run.multiply(dense_product(combine_, dy, by_group, groups_, q, width, s, {.a = true}));
  if (shape_.bf16_boundary) round_to_bf16(run, by_group, by_group, size);
  reorder(run, by_group, by_expert, true);
  experts_.backward(run, kept_, by_expert, by_expert);
  reorder(run, by_expert, by_group, false);
  run.multiply(dense_product(mixed_, by_group, ddispatch, groups_, s, q, width, {.b = true}));
  // Straight to dx, unless the tokens' gradient must be rounded or go through their normalisation first.
  const bool apart = shape_.bf16_boundary || mixed_normalized;
  float* dmixed = apart ? run.floats(wide) : dx;
  run.multiply(dense_product(dispatch_, by_group, dmixed, groups_, s, width, q, {.accumulate = !apart}));
  if (shape_.bf16_boundary) round_to_bf16(run, dmixed, dmixed, wide);
  if (apart && !mixed_normalized) add(run, dmixed, dx, wide);
  if (fixed_dispatch()) run.clear(ddispatch, weights * static_cast<int64_t>(sizeof(float)));
  if (fixed_combine()) run.clear(dcombine, weights * static_cast<int64_t>(sizeof(float)));
  run.launch(launch_soft_weights_backward, {.dispatch = dispatch_,
                                            .combine = combine_,
                                            .ddispatch = ddispatch,
                                            .dcombine = dcombine,
                                            .dlogits = dcombine,
                                            .mask = in_.mask,
                                            .groups = groups_,
                                            .tokens = s,
                                            .slots = q,
                                            .scale = 1 / run.plan.temperature,
                                            .workspace = run.floats(soft_weights_workspace_floats(groups_, q))});
  slot_gradients(run, dcombine);
  token_gradients(run, dcombine, mixed_normalized ? dmixed : nullptr, dx);
}

void SoftMixture::slot_gradients(const Run& run, const float* dlogits) const {
  const int64_t q = slots(), width = shape_.width, tokens = in_.tokens;
  if (shape_.normalize == SoftNormalize::none) {
    run.multiply(dense_product(in_.x, dlogits, phi_.gradient, 1, width, q, tokens, {.a = true, .accumulate = true}));
    return;
  }
  const ArenaScope scope(run.arena);
  float* psi = run.floats(q * width);
  if (has_embeddings()) {
    run.multiply(dense_product(dlogits, normalized_x_, psi, 1, q, width, tokens, {.a = true}));
    if (shape_.normalize == SoftNormalize::rms)
      run.launch(launch_l2_normalize_rows_backward,
                 {phi_.value, psi, phi_.gradient, q, width, Epsilon::clamp, rms_gain(), nullptr, slot_gain_.value,
                  slot_gain_.gradient, run.floats(l2_normalize_workspace_floats(q, width))});
    else
      run.launch(launch_layer_norm_backward,
                 {phi_.value, slot_gain_.value, phi_mean_, phi_rstd_, psi, phi_.gradient, slot_gain_.gradient, nullptr,
                  q, width, run.floats(layer_norm_workspace_floats(q, width))});
    return;
  }
  const Epsilon eps = epsilon_of(shape_.epsilon);
  run.multiply(dense_product(normalized_x_, dlogits, psi, 1, width, q, tokens, {.a = true}));
  run.launch(launch_l2_normalize_columns_backward,
             {phi_.value, psi, phi_.gradient, width, q, eps, 1, scale_.value, nullptr, nullptr, nullptr});
  // dscale = sum of unit slots times psi; made again without the scale, which may be 0
  float* unit = run.floats(q * width);
  run.launch(launch_l2_normalize_columns, {phi_.value, unit, width, q, eps, 1, nullptr, nullptr});
  auto* workspace =
      static_cast<double*>(run.bytes(dot_workspace_doubles(q * width) * static_cast<int64_t>(sizeof(double))));
  run.launch(launch_dot, {unit, psi, q * width, nullptr, scale_.gradient, workspace});
}

void SoftMixture::token_gradients(const Run& run, const float* dlogits, float* dmixed, float* dx) const {
  const int64_t q = slots(), width = shape_.width, tokens = in_.tokens;
  if (shape_.normalize == SoftNormalize::none) {
    run.multiply(dense_product(dlogits, normalized_phi_, dx, 1, tokens, width, q, {.b = true, .accumulate = true}));
    return;
  }
  const ArenaScope scope(run.arena);
  const bool mixed = dmixed != nullptr;  // the normalised tokens were mixed too
  float* dnormalized = mixed ? dmixed : run.floats(tokens * width);
  run.multiply(dense_product(dlogits, normalized_phi_, dnormalized, 1, tokens, width, q,
                             {.b = !has_embeddings(), .accumulate = mixed}));
  if (shape_.normalize == SoftNormalize::rms)
    run.launch(launch_l2_normalize_rows_backward,
               {in_.x, dnormalized, dx, tokens, width, Epsilon::clamp, rms_gain(), nullptr, token_gain_.value,
                token_gain_.gradient, run.floats(l2_normalize_workspace_floats(tokens, width))});
  else if (shape_.normalize == SoftNormalize::layer)
    run.launch(launch_layer_norm_backward,
               {in_.x, token_gain_.value, x_mean_, x_rstd_, dnormalized, dx, token_gain_.gradient, nullptr, tokens,
                width, run.floats(layer_norm_workspace_floats(tokens, width))});
  else
    run.launch(launch_l2_normalize_rows_backward, {in_.x, dnormalized, dx, tokens, width, epsilon_of(shape_.epsilon), 1,
                                                   nullptr, nullptr, nullptr, nullptr});
}

device_api::RoutingView SoftMixture::routing() const {
  device_api::RoutingView view{};
  view.logits = logits_;
  view.dispatch = dispatch_, view.combine = shown_combine_, view.scale = scale_.value;
  view.unit_off = unit_off_;
  return view;
}

}  // namespace

std::unique_ptr<Mixture> make_soft_mixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape,
                                           DeviceMemory& memory) {
  return std::make_unique<SoftMixture>(weights, prefix, shape, memory);
}

}  // namespace moescope::cuda
