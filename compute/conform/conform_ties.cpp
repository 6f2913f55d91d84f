// Kind "ties": selection alone, on gates full of exact ties. NUMERICS 2.3.
#include "compute/conform/conform_kinds.h"
#include "compute/moe/experts_choice.h"
#include "compute/moe/tokens_choice.h"

namespace moescope {
namespace {

void run_on_device(const GoldenCase& golden, GoldenResults& results) {
  const Tensor& gates = golden.in("gates");
  const auto k = golden.config.at("k").get<int64_t>(), capacity = golden.config.at("capacity").get<int64_t>();
  const Buffer expert({gates.dim(0), k}, DType::i32), place(expert.tensor().shape(), DType::i32),
      chosen({1, gates.dim(1), capacity}, DType::i32);
  device_api::ChoiceAsk ask{RouterKind::tokens_choice,
                            0,
                            gates.f32(),
                            gates.dim(0),
                            gates.dim(1),
                            k,
                            capacity,
                            expert.i32(),
                            place.i32(),
                            chosen.i32()};
  const auto choose = [&] { golden.device->check(golden.device->functions().choose(&ask), "an assignment"); };
  for (const bool bpr : {false, true}) {
    ask.bpr = bpr;
    choose();
    results.add(bpr ? "out.expert_bpr1" : "out.expert_bpr0", expert);
    results.add(bpr ? "out.place_bpr1" : "out.place_bpr0", place);
  }
  ask.router = RouterKind::experts_choice;
  choose();
  results.add("out.token_ec", chosen);
}

}  // namespace

void conform_ties(const GoldenCase& golden, GoldenResults& results) {
  if (golden.device) return run_on_device(golden, results);
  const Tensor& gates = golden.in("gates");
  Arena arena;
  Routing r;
  r.groups = 1;
  r.tokens = r.total_tokens = gates.dim(0);
  r.experts = gates.dim(1);
  r.k = golden.config.at("k").get<int64_t>();
  r.capacity = r.last_capacity = golden.config.at("capacity").get<int64_t>();
  r.gates = gates;
  r.kind = RouterKind::tokens_choice;
  for (const bool bpr : {false, true}) {
    choose_by_tokens(r, bpr, arena);
    results.add(bpr ? "out.expert_bpr1" : "out.expert_bpr0", r.expert);
    results.add(bpr ? "out.place_bpr1" : "out.place_bpr0", r.place);
  }
  r.kind = RouterKind::experts_choice;
  choose_by_experts(r, arena);
  results.add("out.token_ec", r.chosen_token);
}

}  // namespace moescope
