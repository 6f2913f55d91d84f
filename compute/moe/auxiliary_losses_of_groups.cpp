// The auxiliary losses of a whole routing: each group on its own, then the mean over groups.
#include "compute/backends/thread_pool.h"
#include "compute/moe/auxiliary_losses.h"

namespace moescope {
namespace {

GroupScores scores_of(const Routing& r, int64_t g) {
  const int64_t at = g * r.tokens * r.experts;
  return {r.logits.f32() + at,
          r.noisy_logits.f32() + at,
          r.gates.f32() + at,
          r.clean_gates.f32() + at,
          r.expert.i32() + g * r.tokens * r.k,
          r.group_size(g),
          r.experts,
          r.k,
          r.noise_deviation};
}

AuxiliaryLosses weights_of(const RouterConfig& router, double scale) {
  return {router.importance_weight * scale, router.load_weight * scale, router.gshard_weight * scale};
}

}  // namespace

void auxiliary_losses(const RouterConfig& router, bool training, Routing& r, Arena& arena) {
  r.group_losses = arena.make({r.groups, 3});
  r.group_sums = arena.make({r.groups, 3, r.experts});
  const Tensor scratch = arena.make({cpu_pool().num_threads(), 2 * r.experts});
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t g = begin; g < end; ++g) {
      const AuxiliaryLosses one =
          group_losses(scores_of(r, g), r.group_sums.row(g).f32(), static_cast<double*>(scratch.row(thread).data()));
      float* out = r.group_losses.f32() + 3 * g;
      out[0] = static_cast<float>(one.importance);
      out[1] = static_cast<float>(one.load);
      out[2] = static_cast<float>(one.gshard);
    }
  });
  const double share = 1 / static_cast<double>(r.groups);
  for (int64_t g = 0; g < r.groups; ++g) {
    r.importance_loss += share * r.group_losses.f32()[3 * g];
    r.load_loss += share * r.group_losses.f32()[3 * g + 1];
    r.gshard_loss += share * r.group_losses.f32()[3 * g + 2];
  }
  if (!training) return;
  // A term of weight 0 is left out rather than multiplied: it may be infinite.
  if (router.importance_weight > 0) r.weighted_aux += router.importance_weight * r.importance_loss;
  if (router.load_weight > 0) r.weighted_aux += router.load_weight * r.load_loss;
  if (router.gshard_weight > 0) r.weighted_aux += router.gshard_weight * r.gshard_loss;
}

void auxiliary_gate_gradients(const RouterConfig& router, const Routing& r, double aux_scale, const Tensor& dgates) {
  const AuxiliaryLosses weights = weights_of(router, aux_scale / static_cast<double>(r.groups));
  if (weights.gshard <= 0) return;
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t g = begin; g < end; ++g)
      gshard_backward(scores_of(r, g), r.group_sums.row(g).f32(), weights.gshard,
                      dgates.f32() + g * r.tokens * r.experts);
  });
}

void auxiliary_logit_gradients(const RouterConfig& router, const Routing& r, double aux_scale, const Tensor& dlogits,
                               Arena& arena) {
  const AuxiliaryLosses weights = weights_of(router, aux_scale / static_cast<double>(r.groups));
  if (weights.importance <= 0 && weights.load <= 0) return;
  const ArenaScope scope(arena);
  const Tensor scratch = arena.make({cpu_pool().num_threads(), 2 * r.experts});
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t g = begin; g < end; ++g)
      balance_backward(scores_of(r, g), r.group_sums.row(g).f32(), weights, dlogits.f32() + g * r.tokens * r.experts,
                       scratch.row(thread).f32());
  });
}

}  // namespace moescope
