// The way back through Soft MoE: mixtures, experts, both softmaxes, normalised slots and tokens.
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/cuda/kernels/soft_weights.h"
#include "compute/cuda/soft_mixture.h"

namespace moescope::cuda {

void SoftMixture::backward(const Run& run, const float* dy, float* dx) {
  const ArenaScope scope(run.arena);
  const int64_t q = slots(), width = shape_.width, size = groups_ * q * width;
  const int64_t wide = in_.tokens * width, weights = in_.tokens * q;
  const bool mixed_normalized = shape_.normalize != SoftNormalize::logits && shape_.normalize != SoftNormalize::none;
  float *dcombine = run.floats(weights), *ddispatch = run.floats(weights);
  float *by_group = run.floats(size), *by_expert = run.floats(size);
  for (const GroupRun& g : group_runs()) {
    const int64_t token = g.first_token, slot = g.first_group * q;
    run.multiply(dense_product(dy + token * width, outputs_ + slot * width, dcombine + token * q, g.groups, g.tokens, q,
                               width, {.b = true}));
    run.multiply(dense_product(combine_ + token * q, dy + token * width, by_group + slot * width, g.groups, q, width,
                               g.tokens, {.a = true}));
  }
  if (shape_.bf16_boundary) round_to_bf16(run, by_group, by_group, size);
  reorder(run, by_group, by_expert, true);
  experts_.backward(run, kept_, by_expert, by_expert);
  reorder(run, by_expert, by_group, false);
  // Straight to dx, unless the tokens' gradient must be rounded or go through their normalisation first.
  const bool apart = shape_.bf16_boundary || mixed_normalized;
  float* dmixed = apart ? run.floats(wide) : dx;
  for (const GroupRun& g : group_runs()) {
    const int64_t token = g.first_token, slot = g.first_group * q;
    run.multiply(dense_product(mixed_ + token * width, by_group + slot * width, ddispatch + token * q, g.groups,
                               g.tokens, q, width, {.b = true}));
    run.multiply(dense_product(dispatch_ + token * q, by_group + slot * width, dmixed + token * width, g.groups,
                               g.tokens, width, q, {.accumulate = !apart}));
  }
  if (shape_.bf16_boundary) round_to_bf16(run, dmixed, dmixed, wide);
  if (apart && !mixed_normalized) add(run, dmixed, dx, wide);
  if (fixed_dispatch()) run.clear(ddispatch, weights * static_cast<int64_t>(sizeof(float)));
  if (fixed_combine()) run.clear(dcombine, weights * static_cast<int64_t>(sizeof(float)));
  for (const GroupRun& g : group_runs()) {
    const int64_t at = g.first_token * q;
    run.launch(launch_soft_weights_backward, {.dispatch = dispatch_ + at,
                                              .combine = combine_ + at,
                                              .ddispatch = ddispatch + at,
                                              .dcombine = dcombine + at,
                                              .dlogits = dcombine + at,
                                              .mask = in_.mask ? in_.mask + g.first_token : nullptr,
                                              .groups = g.groups,
                                              .tokens = g.tokens,
                                              .slots = q,
                                              .scale = 1 / run.plan.temperature,
                                              .workspace = run.floats(soft_weights_workspace_floats(g.groups, q))});
  }
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

}  // namespace moescope::cuda
