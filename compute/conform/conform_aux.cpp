// Kind "aux": the auxiliary losses of one group and their gradients, logits given. NUMERICS 2.6, 2.10.
#include "compute/conform/conform_kinds.h"
#include "compute/moe/auxiliary_losses.h"
#include "compute/moe/order.h"
#include "compute/ops/softmax/softmax.h"

namespace moescope {
namespace {

/// Everything that the losses read, made from logits (S,E) and a standard normal draw.
struct Scores {
  Buffer noisy_logits, gates, clean_gates, best;
  GroupScores group;

  Scores(const Tensor& z, const Tensor& noise, float deviation, int64_t k)
      : noisy_logits(z.shape()), gates(z.shape()), clean_gates(z.shape()), best({z.dim(0), k}, DType::i32) {
    const int64_t tokens = z.dim(0), experts = z.dim(1);
    for (int64_t i = 0; i < z.size(); ++i) noisy_logits.f32()[i] = z.f32()[i] + deviation * noise.f32()[i];
    softmax(z, clean_gates);
    softmax(noisy_logits, gates);
    for (int64_t t = 0; t < tokens; ++t) top_k(noisy_logits.f32() + t * experts, experts, k, best.i32() + t * k);
    group = {z.f32(), noisy_logits.f32(), gates.f32(), clean_gates.f32(), best.i32(), tokens, experts, k, deviation};
  }
};

void run_on_device(const GoldenCase& golden, float deviation, GoldenResults& results) {
  const Tensor& z = golden.in("z");
  for (const int64_t k : {1, 2}) {
    const Buffer losses({3}), by_importance(z.shape()), by_load(z.shape()), by_gshard(z.shape());
    const device_api::AuxiliaryAsk ask{
        z.f32(),      golden.in("noise").f32(), z.dim(0),      z.dim(1),       k, deviation,
        losses.f32(), by_importance.f32(),      by_load.f32(), by_gshard.f32()};
    golden.device->check(golden.device->functions().auxiliary(&ask), "auxiliary losses");
    const std::string load = "load_k" + std::to_string(k);
    results.add("out." + load, losses.f32()[1]);
    results.add("grad." + load, by_load);
    results.add("out.importance", losses.f32()[0]);
    results.add("grad.importance", by_importance);
    results.add("out.gshard", losses.f32()[2]);
    results.add("grad.gshard", by_gshard);
  }
}

}  // namespace

void conform_aux(const GoldenCase& golden, GoldenResults& results) {
  const Tensor& z = golden.in("z");
  const float deviation = golden.config.at("noise_std").get<float>() / static_cast<float>(z.dim(1));
  if (golden.device) return run_on_device(golden, deviation, results);
  const Buffer sums({3, z.dim(1)}), row({2 * z.dim(1)}), scratch({2 * z.dim(1)});
  for (const int64_t k : {1, 2}) {
    const Scores scores(z, golden.in("noise"), deviation, k);
    const AuxiliaryLosses losses =
        group_losses(scores.group, sums.f32(), static_cast<double*>(scratch.tensor().data()));
    const std::string load = "load_k" + std::to_string(k);
    const Buffer through_load(z.shape()), through_importance(z.shape()), through_gates(z.shape());
    balance_backward(scores.group, sums.f32(), {0, 1, 0}, through_load.f32(), row.f32());
    balance_backward(scores.group, sums.f32(), {1, 0, 0}, through_importance.f32(), row.f32());
    gshard_backward(scores.group, sums.f32(), 1, through_gates.f32());
    softmax_backward(scores.gates, through_gates, through_gates);
    results.add("out." + load, losses.load);
    results.add("grad." + load, through_load);
    results.add("out.importance", losses.importance);
    results.add("grad.importance", through_importance);
    results.add("out.gshard", losses.gshard);
    results.add("grad.gshard", through_gates);
  }
}

}  // namespace moescope
