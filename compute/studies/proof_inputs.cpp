// The inputs of theorem 1's proof (arXiv:2409.00879; PAPERS.md 2.1) through an untrained layer of one expert: A has the
// first numbers of its first two tokens at a and -a, B has only one of them. Their lengths differ by (sqrt 2 - 1) a,
// and what the single slot sees of them becomes the same.
#include <cmath>

#include "compute/core/rng.h"
#include "compute/records/error.h"
#include "compute/studies/bare_layer.h"
#include "compute/studies/study.h"

namespace moescope {
namespace {

double length(const Tensor& x) {
  double square = 0;
  for (int64_t i = 0; i < x.size(); ++i) square += static_cast<double>(x.f32()[i]) * x.f32()[i];
  return std::sqrt(square);
}

struct Pair {
  double slot_distance, length_difference;
};

class ProofLayer {
 public:
  ProofLayer(const RunConfig& config, float first_slot_weight)
      : router_(config.router), layer_(parameters_, "", bare_layer_shape(config)) {
    parameters_.allocate(host_memory(), static_cast<uint64_t>(config.train.seed));
    clear_biases(parameters_);
    draw_uniform_slots(parameters_, static_cast<uint64_t>(config.train.seed));
    parameters_.find("mu")->value.f32()[0] = first_slot_weight;
  }

  /// x (S,D) as one group; its slot's input goes to `slot` (D).
  void see(const Tensor& x, const Tensor& slot) {
    arena_.reset();
    Pass pass;
    pass.arena = &arena_;
    pass.router = &router_;
    const Tensor y = arena_.make(x.shape());
    MoeLayer::Context context;
    layer_.forward(x, x.dim(0), pass, y, context);
    std::copy_n(context.slots.f32(), slot.size(), slot.f32());
  }

 private:
  RouterConfig router_;
  ParameterSet parameters_;
  MoeLayer layer_;
  Arena arena_;
};

Pair measure(ProofLayer& layer, const Buffer& a, const Buffer& b) {
  Buffer slot_a({a.tensor().dim(1)}), slot_b({a.tensor().dim(1)});
  layer.see(a, slot_a);
  layer.see(b, slot_b);
  for (int64_t i = 0; i < slot_a.size(); ++i) slot_a.f32()[i] -= slot_b.f32()[i];
  return {length(slot_a), length(a) - length(b)};
}

}  // namespace

StudyOutcome proof_inputs(const StudyCase& study, const StudyProgress&) {
  const RunConfig& config = study.config;
  if (config.router.num_experts != 1 || config.router.slots_per_expert != 1 ||
      config.router.soft_normalize != SoftNormalize::none) {
    throw ConfigError("proof-inputs is about one expert with one slot and no normalisation");
  }
  // The weight that the slot gives to a token's first number: its sign decides which inputs the proof takes.
  const double sign = number_of(study.numbers, "sign", 1);
  const double size = 0.5 + Rng(static_cast<uint64_t>(config.train.seed), RngPurpose::test).uniform();
  ProofLayer layer(config, static_cast<float>(sign * size));
  const int64_t tokens = static_cast<int64_t>(number_of(study.numbers, "tokens", 4)), width = config.model.width;
  StudyOutcome outcome;
  const auto sizes = study.numbers.find("a");
  if (sizes == study.numbers.end()) throw ConfigError("proof-inputs needs the sizes of its inputs, numbers \"a\"");
  for (const double a : sizes->second) {
    Buffer first({tokens, width}), second({tokens, width});
    const auto value = static_cast<float>(a);
    if (sign == 0) {  // the slot cannot tell tokens apart by it: two halves against one whole
      first.f32()[0] = first.f32()[width] = value / 2;
      second.f32()[0] = value;
    } else {
      first.f32()[0] = value;
      first.f32()[width] = -value;
      second.f32()[sign > 0 ? 0 : width] = sign > 0 ? value : -value;
    }
    const Pair pair = measure(layer, first, second);
    const std::string name = std::to_string(static_cast<int64_t>(a));
    outcome.values["slot_distance/" + name] = pair.slot_distance;
    outcome.values["length_difference/" + name] = std::abs(pair.length_difference);
  }
  outcome.num_parameters = 1;
  outcome.dataset = "the inputs of the proof";
  return outcome;
}

}  // namespace moescope
