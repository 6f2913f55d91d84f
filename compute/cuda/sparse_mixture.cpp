// Tokens Choice and Experts Choice over buffers of full capacity: sizes known before anything is routed.
#include "compute/cuda/kernels/auxiliary_losses.h"
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/experts_choice.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/gather.h"
#include "compute/cuda/kernels/softmax.h"
#include "compute/cuda/kernels/tokens_choice.h"
#include "compute/cuda/mixture.h"

namespace moescope::cuda {
namespace {

class SparseMixture : public Mixture {
 public:
  SparseMixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape)
      : shape_(shape),
        router_(weights.get(prefix + "router")),
        experts_(weights, prefix, shape.experts, shape.width, shape.hidden, shape.activation) {}

  void forward(const Run& run, const MixtureInput& input, float* y) override;
  void backward(const Run& run, const float* dy, float* dx) override;
  device_api::RoutingView routing() const override;

 private:
  void score(const Run& run);
  void force(const Run& run);
  void assign(const Run& run);
  void take_losses(const Run& run);
  void router_backward(const Run& run, const float* dweight, float* dx);
  AuxiliaryScores scores(const Run& run) const;
  bool by_tokens() const { return shape_.kind == RouterKind::tokens_choice; }
  bool has_losses(const Run& run) const { return by_tokens() && run.plan.training; }

  MixtureShape shape_;
  Weight router_;
  Experts experts_;

  // of the last forward pass
  MixtureInput in_;
  SlotTable slots_{};
  float *logits_ = nullptr, *noisy_logits_ = nullptr, *gates_ = nullptr, *clean_gates_ = nullptr;
  int32_t *expert_ = nullptr, *place_ = nullptr, *chosen_ = nullptr;
  float *group_sums_ = nullptr, *group_losses_ = nullptr;
  const uint8_t* unit_off_ = nullptr;
  float *rows_ = nullptr, *outputs_ = nullptr;
  Experts::Context kept_;
};

void SparseMixture::score(const Run& run) {
  const int64_t size = in_.tokens * shape_.experts;
  const float deviation = run.plan.training ? run.plan.noise_deviation : 0;
  const float* noise = nullptr;
  logits_ = run.floats(size), clean_gates_ = run.floats(size);
  noisy_logits_ = logits_, gates_ = clean_gates_;
  expert_ = by_tokens() ? run.ints(in_.tokens * run.plan.k) : nullptr;
  if (deviation > 0) {
    noisy_logits_ = run.floats(size), gates_ = run.floats(size);
    noise = in_.noise;
    if (!noise) {
      float* drawn = run.floats(size);
      run.launch(launch_router_noise, {.seed = in_.seed, .out = drawn, .size = size});
      noise = drawn;
    }
  }
  run.multiply(dense_product(in_.x, router_.value, logits_, 1, in_.tokens, shape_.experts, shape_.width));
  run.launch(launch_gate, {.logits = logits_,
                           .noise = noise,
                           .noisy_logits = noise ? noisy_logits_ : nullptr,
                           .clean_gates = clean_gates_,
                           .gates = noise ? gates_ : nullptr,
                           .expert = expert_,
                           .tokens = in_.tokens,
                           .experts = shape_.experts,
                           .k = run.plan.k,
                           .deviation = deviation,
                           .scale = 1 / run.plan.temperature});
}

void SparseMixture::force(const Run& run) {
  if (!in_.forced) return;
  run.launch(launch_force_gates, {.gates = gates_,
                                  .forced = in_.forced,
                                  .tokens = in_.tokens,
                                  .experts = shape_.experts,
                                  .image_tokens = in_.image_tokens,
                                  .num_forced = run.plan.num_forced,
                                  .layer = in_.layer});
  if (by_tokens()) run.launch(launch_top_k, {gates_, expert_, in_.tokens, shape_.experts, run.plan.k});
}

void SparseMixture::assign(const Run& run) {
  const int64_t tokens = in_.tokens, experts = shape_.experts, group = run.plan.group_tokens;
  const int64_t groups = device_api::num_groups(tokens, group);
  const int64_t choices = by_tokens() ? run.plan.k : experts, capacity = run.plan.capacity;
  const int64_t places = experts * groups * capacity;
  slots_ = {run.ints(places), run.floats(places), run.ints(tokens * choices), tokens, experts, groups, capacity,
            choices};
  place_ = by_tokens() ? run.ints(tokens * choices) : nullptr;
  chosen_ = by_tokens() ? nullptr : run.ints(places);
  const ExpertsOff off = choose_off(run, in_, gates_, experts, 1, by_tokens() ? in_.image_tokens : group);
  unit_off_ = off.unit;
  const ArenaScope scope(run.arena);
  if (by_tokens()) {
    void* workspace = run.bytes(tokens_choice_workspace_bytes(tokens, group, experts, choices, run.plan.bpr != 0));
    run.launch(launch_tokens_choice, {.gates = gates_,
                                      .expert = expert_,
                                      .place = place_,
                                      .load = nullptr,
                                      .slots = slots_,
                                      .off = off,
                                      .k = choices,
                                      .group_tokens = group,
                                      .last_capacity = run.plan.last_capacity,
                                      .bpr = run.plan.bpr != 0,
                                      .workspace = workspace});
  } else {
    void* workspace = run.bytes(experts_choice_workspace_bytes(groups, group, experts));
    run.launch(launch_experts_choice, {.gates = gates_,
                                       .chosen = chosen_,
                                       .slots = slots_,
                                       .off = off,
                                       .group_tokens = group,
                                       .last_capacity = run.plan.last_capacity,
                                       .workspace = workspace});
  }
}

AuxiliaryScores SparseMixture::scores(const Run& run) const {
  const float deviation = run.plan.training ? run.plan.noise_deviation : 0;
  return {logits_,    noisy_logits_,         gates_,         clean_gates_, expert_,
          in_.tokens, run.plan.group_tokens, shape_.experts, run.plan.k,   deviation};
}

void SparseMixture::take_losses(const Run& run) {
  group_sums_ = group_losses_ = nullptr;
  if (!by_tokens()) {
    run.clear(in_.aux, 4 * sizeof(float));
    return;
  }
  const int64_t groups = slots_.groups;
  group_sums_ = run.floats(groups * 3 * shape_.experts), group_losses_ = run.floats(groups * 3);
  const ArenaScope scope(run.arena);
  const int64_t workspace = auxiliary_workspace_floats(in_.tokens, run.plan.group_tokens, shape_.experts);
  const float weigh = run.plan.training ? 1.0f : 0.0f;
  run.launch(launch_auxiliary_losses, {.scores = scores(run),
                                       .weights = {weigh * run.plan.importance_weight, weigh * run.plan.load_weight,
                                                   weigh * run.plan.gshard_weight},
                                       .group_sums = group_sums_,
                                       .group_losses = group_losses_,
                                       .means = in_.aux,
                                       .workspace = run.floats(workspace)});
}

void SparseMixture::forward(const Run& run, const MixtureInput& input, float* y) {
  in_ = input;
  score(run);
  force(run);
  assign(run);
  take_losses(run);
  const int64_t size = slots_.num_slots() * shape_.width;
  rows_ = run.floats(size), outputs_ = run.floats(size);
  run.launch(launch_dispatch,
             {.slots = slots_, .x = in_.x, .rows = rows_, .rows_bf16 = nullptr, .columns = shape_.width});
  if (shape_.bf16_boundary) round_to_bf16(run, rows_, rows_, size);
  experts_.forward(run, rows_, outputs_, slots_.groups * slots_.capacity, kept_);
  if (shape_.bf16_boundary) round_to_bf16(run, outputs_, outputs_, size);
  run.launch(launch_combine, {.slots = slots_, .rows = outputs_, .y = y, .columns = shape_.width});
}

void SparseMixture::backward(const Run& run, const float* dy, float* dx) {
  const ArenaScope scope(run.arena);
  const int64_t size = slots_.num_slots() * shape_.width, wide = in_.tokens * shape_.width;
  float *dweight = run.floats(slots_.num_slots()), *drows = outputs_;  // in place: nothing reads the outputs again
  run.launch(
      launch_combine_backward,
      {.slots = slots_, .rows = outputs_, .dy = dy, .drows = drows, .dweight = dweight, .columns = shape_.width});
  if (shape_.bf16_boundary) round_to_bf16(run, drows, drows, size);
  experts_.backward(run, kept_, drows, drows);
  if (shape_.bf16_boundary) {  // the sum over a token's experts is a bfloat16 value too
    float* dtokens = run.zeros(wide);
    round_to_bf16(run, drows, drows, size);
    run.launch(launch_dispatch_backward, {.slots = slots_, .drows = drows, .dx = dtokens, .columns = shape_.width});
    round_to_bf16(run, dtokens, dtokens, wide);
    add(run, dtokens, dx, wide);
  } else {
    run.launch(launch_dispatch_backward, {.slots = slots_, .drows = drows, .dx = dx, .columns = shape_.width});
  }
  router_backward(run, dweight, dx);
}

void SparseMixture::router_backward(const Run& run, const float* dweight, float* dx) {
  const int64_t size = in_.tokens * shape_.experts;
  const float share = run.plan.aux_scale / static_cast<float>(slots_.groups);
  float* dlogits = run.floats(size);
  run.launch(launch_gate_gradient, {.slots = slots_, .dweight = dweight, .dgates = dlogits});
  if (has_losses(run) && run.plan.gshard_weight > 0)
    run.launch(launch_auxiliary_gate_gradient, {.scores = scores(run),
                                                .weight = run.plan.gshard_weight * share,
                                                .group_sums = group_sums_,
                                                .dgates = dlogits});
  run.launch(launch_softmax_backward,
             {.y = gates_, .dy = dlogits, .dx = dlogits, .rows = in_.tokens, .columns = shape_.experts});
  if (has_losses(run) && (run.plan.importance_weight > 0 || run.plan.load_weight > 0))
    run.launch(launch_auxiliary_logit_gradient,
               {.scores = scores(run),
                .weights = {run.plan.importance_weight * share, run.plan.load_weight * share, 0},
                .group_sums = group_sums_,
                .dlogits = dlogits});
  if (run.plan.temperature != 1) scale(run, dlogits, size, 1 / run.plan.temperature);
  run.multiply(dense_product(in_.x, dlogits, router_.gradient, 1, shape_.width, shape_.experts, in_.tokens,
                             {.a = true, .accumulate = true}));
  run.multiply(dense_product(dlogits, router_.value, dx, 1, in_.tokens, shape_.width, shape_.experts,
                             {.b = true, .accumulate = true}));
}

device_api::RoutingView SparseMixture::routing() const {
  device_api::RoutingView view{};
  view.logits = logits_, view.noisy_logits = noisy_logits_, view.gates = gates_, view.clean_gates = clean_gates_;
  view.expert = expert_, view.place = place_, view.chosen = chosen_;
  view.slot_token = slots_.token, view.slot_weight = slots_.weight;
  view.group_losses = group_losses_, view.group_sums = group_sums_;
  view.unit_off = unit_off_;
  view.scored = in_.x;
  return view;
}

}  // namespace

std::unique_ptr<Mixture> make_sparse_mixture(const Weights& weights, const std::string& prefix,
                                             const MixtureShape& shape) {
  return std::make_unique<SparseMixture>(weights, prefix, shape);
}

}  // namespace moescope::cuda
