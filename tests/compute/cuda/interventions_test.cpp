// Kernels of counterfactuals: forced patches, and the experts that each input keeps.
#include "compute/moe/intervention.h"

#include "compute/cuda/kernels/interventions.h"
#include "compute/moe/routing.h"
#include "compute/ops/softmax/softmax.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"
#include "support/routing_of.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kImages = 3, kImageTokens = 5, kTokens = kImages * kImageTokens, kExperts = 6, kSlots = 4;

/// A pass that looks at layer 1 with patches forced: one twice, and one of another layer.
struct Look {
  explicit Look(Arena& arena) {
    what_if.forced = {{1, 0, 2}, {1, 3, 5}, {0, 1, 1}, {1, 0, 4}};
    pass.arena = &arena;
    pass.what_if = &what_if;
    pass.image_tokens = kImageTokens, pass.first_patch = 1;
  }
  WhatIf what_if;
  Pass pass;
};
const std::vector<ForcedPatch> kForced = {{1, 1, 2}, {1, 4, 5}, {0, 2, 1}, {1, 1, 4}};

Buffer weights_of(int64_t columns) {
  const Buffer x = random_tensor({kTokens, columns}, 97, 2);
  moescope::softmax(x, x);
  return copy_of(x);
}

Routing soft_routing(const Tensor& combine) {
  Routing r = routing_of(RouterKind::soft, combine, kImageTokens, 0, 0);
  r.layer = 1, r.experts = kExperts, r.slots_per_expert = kSlots, r.combine = combine;
  return r;
}

TEST(CudaInterventions, ForcedGatesAreTheCpus) {
  in_every_order([&] {
    const Buffer gates = weights_of(kExperts);
    const Floats got(gates);
    Arena arena;
    Look look(arena);
    Routing r = routing_of(RouterKind::tokens_choice, gates, kTokens, 1, 4);
    r.layer = 1;
    moescope::force_gates(look.pass, r);
    const DeviceArray<ForcedPatch> forced(kForced);
    expect_ran(launch_force_gates({got.get(), forced.get(), kTokens, kExperts, kImageTokens, 4, 1}, nullptr));
    expect_close(got.tensor(), gates, 0, "gates");
  });
}

TEST(CudaInterventions, ForcedCombineWeightsAreTheCpus) {
  in_every_order([&] {
    Buffer combine = weights_of(kExperts * kSlots);
    for (int64_t s = 0; s < kSlots; ++s) combine.f32()[4 * kExperts * kSlots + 5 * kSlots + s] = 0;  // underflowed
    const Floats got(combine);
    Arena arena;
    Look look(arena);
    moescope::force_combine(look.pass, soft_routing(combine));
    const DeviceArray<ForcedPatch> forced(kForced);
    expect_ran(launch_force_combine({got.get(), forced.get(), kTokens, kExperts, kSlots, kImageTokens, 4, 1}, nullptr));
    expect_close(got.tensor(), combine, 1e-6, "combine");
  });
}

TEST(CudaInterventions, KeptExpertsAreTheCpus) {
  for (const bool soft : {true, false})
    for (const KeptBy by : {KeptBy::combine, KeptBy::load})
      in_every_order([&] {
        const int64_t slots = soft ? kSlots : 1;
        const Buffer weights = weights_of(kExperts * slots);
        for (int64_t t = 0; t < kImageTokens; ++t)  // in the first input experts 0 and 3 come first, equal
          for (const int64_t e : {0, 3}) std::fill_n(weights.f32() + (t * kExperts + e) * slots, slots, 0.5f);
        Arena arena;
        Look look(arena);
        look.what_if.kept.count = 1;
        look.what_if.kept.by = by == KeptBy::load ? KeepBy::load : KeepBy::combine;
        Routing r = soft ? soft_routing(weights) : routing_of(RouterKind::tokens_choice, weights, kTokens, 1, 4);
        const std::vector<uint8_t> off = {0, 0, 1, 0, 0, 0};
        r.layer = 1, r.unit_tokens = kImageTokens, r.expert_off = off.data();
        moescope::choose_kept(look.pass, r, arena);
        const Floats w(weights);
        const DeviceArray<uint8_t> device_off(off), got(kImages * kExperts);
        expect_ran(launch_choose_kept(
            {w.get(), device_off.get(), got.get(), by, kTokens, kExperts, slots, kImageTokens, 1}, nullptr));
        EXPECT_EQ(got.host(), std::vector<uint8_t>(r.unit_off.u8(), r.unit_off.u8() + r.unit_off.size()));
      });
}

TEST(CudaInterventions, ExpertsThatAreOffLoseTheirCombineWeights) {
  in_every_order([&] {
    const Buffer combine = weights_of(kExperts * kSlots);
    const std::vector<uint8_t> off = {0, 1, 0, 0, 0, 0};
    std::vector<uint8_t> unit(kImages * kExperts);
    unit[2 * kExperts + 4] = 1;  // expert 4 for the last input
    const Floats got(combine);
    const DeviceArray<uint8_t> device_off(off), device_unit(unit);
    expect_ran(launch_drop_combine(
        {got.get(), {device_off.get(), device_unit.get(), kImageTokens}, kTokens, kExperts, kSlots}, nullptr));
    for (int64_t t = 0; t < kTokens; ++t)
      for (int64_t e = 0; e < kExperts; ++e)
        for (int64_t s = 0; s < kSlots; ++s) {
          const int64_t at = (t * kExperts + e) * kSlots + s;
          const bool dropped = e == 1 || (e == 4 && t >= 2 * kImageTokens);
          ASSERT_EQ(got.get()[at], dropped ? 0 : combine.f32()[at]) << at;
        }
  });
}

}  // namespace
}  // namespace moescope::cuda
