// Soft MoE: logits, both softmaxes, and dense mixtures by batched products, a group each. The experts want their slots
// side by side, (E,G,P,D), the mixtures those of a group, (G,E,P,D): a fixed table of rows turns one into the other.
#include "compute/cuda/soft_mixture.h"

#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/gather.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/cuda/kernels/soft_weights.h"

namespace moescope::cuda {
namespace {

constexpr float kTorchLayerNormEps = 1e-5f;  // NUMERICS 1.7

}  // namespace

std::vector<SoftMixture::GroupRun> SoftMixture::group_runs() const {
  const int64_t full = in_.tokens / group_tokens_, rest = in_.tokens % group_tokens_;
  std::vector<GroupRun> runs;
  if (full > 0) runs.push_back({full, group_tokens_, 0, 0});
  if (rest > 0) runs.push_back({1, rest, full * group_tokens_, full});
  return runs;
}

void SoftMixture::prepare(const device_api::StepPlan& plan, int64_t groups) {
  const int64_t experts = shape_.experts, p = slots_per_expert(plan), rows = experts * groups * p;
  if (p > shape_.slots_per_expert || (plan.backward && p < shape_.slots_per_expert))
    throw DeviceError(device_api::Fault::refused, std::to_string(p) + " slots of the " +
                                                      std::to_string(shape_.slots_per_expert) +
                                                      " that an expert has, to learn or look with");
  if (groups == 1 || orders_.contains({groups, p})) return;
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
  orders_.emplace(Extents{groups, p}, std::move(made));
}

void SoftMixture::reorder(const Run& run, const float* from, float* to, bool by_expert) const {
  const int64_t rows = groups_ * slots();
  if (groups_ == 1) {
    run.copy(from, to, rows * shape_.width * static_cast<int64_t>(sizeof(float)));
    return;
  }
  int32_t* table = orders_.at({groups_, slots_per_expert_}).i32() + (by_expert ? 0 : rows);
  const SlotTable order{table, nullptr, nullptr, rows, shape_.experts, groups_, slots_per_expert_, 1};
  run.launch(launch_dispatch, {.slots = order, .x = from, .rows = to, .rows_bf16 = nullptr, .columns = shape_.width});
}

/// Of each expert's slots in `from`, (rows,P,columns), the first that take part.
void SoftMixture::take_slots(const Run& run, const float* from, float* to, int64_t rows, int64_t columns) const {
  const int64_t slot = columns * static_cast<int64_t>(sizeof(float));
  run.copy_rows(from, shape_.slots_per_expert * slot, to, slots_per_expert_ * slot, slots_per_expert_ * slot, rows);
}

const float* SoftMixture::slots_that_take_part(const Run& run) const {
  if (has_all_slots()) return phi_.value;
  float* taken = run.floats(slots() * shape_.width);
  const int64_t columns = has_embeddings() ? shape_.width : 1;
  take_slots(run, phi_.value, taken, slots() * shape_.width / (slots_per_expert_ * columns), columns);
  return taken;
}

void SoftMixture::normalize(const Run& run) {
  const int64_t tokens = in_.tokens, width = shape_.width, q = slots();
  const float* phi = slots_that_take_part(run);
  normalized_x_ = const_cast<float*>(in_.x), normalized_phi_ = phi;
  mixed_ = normalized_x_;
  if (shape_.normalize == SoftNormalize::none) return;
  float* made_phi = run.floats(q * width);
  normalized_x_ = run.floats(tokens * width), normalized_phi_ = made_phi;
  if (shape_.normalize == SoftNormalize::layer) {
    x_mean_ = run.floats(tokens), x_rstd_ = run.floats(tokens), phi_mean_ = run.floats(q), phi_rstd_ = run.floats(q);
    run.launch(launch_layer_norm, {in_.x, nullptr, token_gain_.value, nullptr, normalized_x_, x_mean_, x_rstd_, nullptr,
                                   nullptr, tokens, width, kTorchLayerNormEps});
    run.launch(launch_layer_norm, {phi, nullptr, slot_gain_.value, nullptr, made_phi, phi_mean_, phi_rstd_, nullptr,
                                   nullptr, q, width, kTorchLayerNormEps});
  } else if (shape_.normalize == SoftNormalize::rms) {
    run.launch(launch_l2_normalize_rows,
               {in_.x, normalized_x_, tokens, width, Epsilon::clamp, rms_gain(), nullptr, token_gain_.value});
    run.launch(launch_l2_normalize_rows,
               {phi, made_phi, q, width, Epsilon::clamp, rms_gain(), nullptr, slot_gain_.value});
  } else {
    const Epsilon eps = epsilon_of(shape_.epsilon);
    run.launch(launch_l2_normalize_rows, {in_.x, normalized_x_, tokens, width, eps, 1, nullptr, nullptr});
    run.launch(launch_l2_normalize_columns, {phi, made_phi, width, q, eps, 1, scale_.value, nullptr});
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
  for (const GroupRun& g : group_runs()) {
    const int64_t at = g.first_token * q;
    run.launch(launch_soft_weights, {.logits = logits + at,
                                     .dispatch = dispatch_ + at,
                                     .combine = combine_ + at,
                                     .mask = in_.mask ? in_.mask + g.first_token : nullptr,
                                     .groups = g.groups,
                                     .tokens = g.tokens,
                                     .slots = q,
                                     .scale = cooled});
    if (fixed_dispatch()) fix(run, g, dispatch_ + at, 1 / static_cast<float>(g.tokens));
    if (fixed_combine()) fix(run, g, combine_ + at, 1 / static_cast<float>(q));
  }
}

/// What router.mixing puts in a softmax's place.
void SoftMixture::fix(const Run& run, const GroupRun& g, float* weights, float value) const {
  if (in_.mask) throw DeviceError(device_api::Fault::refused, "router.mixing with padding");
  const ArenaScope scope(run.arena);
  // Token i belongs to slot i of all that the layer has, also where not all take part.
  const bool identity = shape_.mixing == SoftMixing::identity, apart = identity && !has_all_slots();
  const int64_t tokens = g.groups * g.tokens, all = shape_.experts * shape_.slots_per_expert;
  float* fixed = apart ? run.floats(tokens * all) : weights;
  run.launch(launch_fix_weights, {.weights = fixed,
                                  .groups = g.groups,
                                  .tokens = g.tokens,
                                  .slots = apart ? all : slots(),
                                  .value = value,
                                  .identity = identity});
  if (apart) take_slots(run, fixed, weights, tokens * shape_.experts, 1);
}

/// In inference: nothing reads the weights again that are changed here.
void SoftMixture::intervene(const Run& run) {
  const int64_t experts = shape_.experts, p = slots_per_expert_;
  const ExpertsOff off = choose_off(run, in_, combine_, experts, p, group_tokens_);  // by the weights as they are
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
  group_tokens_ = run.plan.group_tokens;
  groups_ = device_api::num_groups(in_.tokens, group_tokens_);
  slots_per_expert_ = slots_per_expert(run.plan);
  run.clear(in_.aux, 4 * sizeof(float));
  normalize(run);
  weigh(run);
  intervene(run);
  const int64_t q = slots(), width = shape_.width, size = groups_ * q * width;
  if (shape_.bf16_boundary) {
    float* rounded = run.floats(in_.tokens * width);
    round_to_bf16(run, mixed_, rounded, in_.tokens * width);
    mixed_ = rounded;
  }
  outputs_ = run.floats(size);
  float* by_expert = run.floats(size);
  for (const GroupRun& g : group_runs())
    run.multiply(dense_product(dispatch_ + g.first_token * q, mixed_ + g.first_token * width,
                               outputs_ + g.first_group * q * width, g.groups, q, width, g.tokens, {.a = true}));
  reorder(run, outputs_, by_expert, true);
  float* answers = run.floats(size);
  experts_.forward(run, by_expert, answers, groups_ * slots_per_expert_, kept_);
  if (shape_.bf16_boundary) round_to_bf16(run, answers, answers, size);
  reorder(run, answers, outputs_, false);
  for (const GroupRun& g : group_runs())
    run.multiply(dense_product(combine_ + g.first_token * q, outputs_ + g.first_group * q * width,
                               y + g.first_token * width, g.groups, g.tokens, width, q));
}

device_api::RoutingView SoftMixture::routing() const {
  device_api::RoutingView view{};
  view.logits = logits_;
  view.dispatch = dispatch_, view.combine = shown_combine_, view.scale = scale_.value;
  view.unit_off = unit_off_;
  view.scored = in_.x;
  return view;
}

std::unique_ptr<Mixture> make_soft_mixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape,
                                           DeviceMemory& memory) {
  return std::make_unique<SoftMixture>(weights, prefix, shape, memory);
}

}  // namespace moescope::cuda
