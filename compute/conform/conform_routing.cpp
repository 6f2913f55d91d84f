// What the kinds with a router share: its settings out of a file's JSON, its decisions back under the file's names.
#include "compute/conform/conform_routing.h"

#include "compute/core/error.h"

namespace moescope {

RouterKind golden_router(const nlohmann::json& config) {
  const std::string name = config.at("router").get<std::string>();
  if (name == "soft") return RouterKind::soft;
  if (name == "tokens_choice") return RouterKind::tokens_choice;
  if (name == "experts_choice") return RouterKind::experts_choice;
  throw FormatError("router " + name + " is unknown");
}

RouterConfig golden_knobs(const nlohmann::json& c, int64_t num_experts, bool with_noise) {
  RouterConfig knobs;
  knobs.kind = golden_router(c);
  knobs.num_experts = num_experts;
  knobs.noise_std = with_noise ? c.value("noise_std", 0.0) : 0.0;
  knobs.k = c.value("k", int64_t{1});
  knobs.bpr = c.value("bpr", false);
  knobs.capacity_factor = c.value("capacity_factor", 1.0);
  knobs.capacity_rounding = c.value("rounding", "ceil") == "ceil" ? CapacityRounding::ceil : CapacityRounding::round;
  knobs.capacity_multiple_of = c.value("multiple_of", int64_t{4});
  knobs.importance_weight = c.value("importance_weight", 0.0);
  knobs.load_weight = c.value("load_weight", 0.0);
  knobs.gshard_weight = c.value("gshard_weight", 0.0);
  if (c.contains("capacity")) {  // given outright: the factor that rounds to it
    const int64_t choices = c.at("group_size").get<int64_t>() * (knobs.kind == RouterKind::tokens_choice ? knobs.k : 1);
    knobs.capacity_factor =
        c.at("capacity").get<double>() * static_cast<double>(num_experts) / static_cast<double>(choices);
    knobs.capacity_rounding = CapacityRounding::round;
    knobs.capacity_multiple_of = 1;
  }
  return knobs;
}

namespace {

/// The dense forms of the papers' code, (G,S,E,C), from the pair list alone.
void add_dense_weights(const Routing& r, GoldenResults& results) {
  const Shape shape{r.groups, r.tokens, r.experts, r.capacity};
  const Buffer dispatch(shape, DType::u8), combine(shape);
  for (int64_t e = 0; e < r.experts; ++e) {
    int64_t place = 0, group = -1;
    for (int64_t row = r.pair_expert_offset.i32()[e]; row < r.pair_expert_offset.i32()[e + 1]; ++row) {
      const int64_t token = r.pairs.token[row], of_group = token / r.tokens;
      place = of_group == group ? place + 1 : 0;
      group = of_group;
      const int64_t at = (token * r.experts + e) * r.capacity + place;
      dispatch.tensor().u8()[at] = 1;
      combine.f32()[at] = r.pairs.weight[row];
    }
  }
  results.add("out.dispatch", dispatch);
  results.add("out.combine", combine);
}

void add_sparse(const Routing& r, const RouterConfig& knobs, GoldenResults& results) {
  results.add("out.gates", r.gates);
  add_dense_weights(r, results);
  const Buffer aux({r.groups});
  if (r.kind == RouterKind::experts_choice) {
    results.add("out.token", r.chosen_token);
    results.add("out.aux", aux);
    return;
  }
  results.add("out.expert", r.expert);
  results.add("out.place", r.place);
  const Buffer losses({3, r.groups});
  for (int64_t g = 0; g < r.groups; ++g) {
    const float* one = r.group_losses.f32() + 3 * g;
    for (int64_t i = 0; i < 3; ++i) losses.f32()[i * r.groups + g] = one[i];
    aux.f32()[g] = static_cast<float>(knobs.importance_weight * one[0] + knobs.load_weight * one[1] +
                                      knobs.gshard_weight * one[2]);
  }
  results.add("out.importance", losses.tensor().row(0));
  results.add("out.load", losses.tensor().row(1));
  results.add("out.gshard", losses.tensor().row(2));
  results.add("out.aux", aux);
}

}  // namespace

void add_routing(const Routing& r, const RouterConfig& knobs, GoldenResults& results) {
  if (r.kind != RouterKind::soft) return add_sparse(r, knobs, results);
  results.add("out.dispatch", r.dispatch);
  results.add("out.combine", r.combine);
  results.add("out.aux", 0.0);
}

}  // namespace moescope
