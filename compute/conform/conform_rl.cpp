// Kinds "rl", "rl_td" and "rainbow": the penultimate mixture, a whole network under one TD loss, and Rainbow's head.
// NUMERICS 5; loss = sum q * dq + weighted auxiliary losses, mean (target - q)², mean w * cross-entropy.
#include <algorithm>
#include <cstring>

#include "compute/conform/conform_kinds.h"
#include "compute/core/error.h"
#include "compute/rl/q_network.h"
#include "compute/rl/td.h"

namespace moescope {
namespace {

using namespace rl;

/// Our parameters under the files' names.
std::string golden_name(std::string name) {
  const auto swap = [&](const std::string& ours, const std::string& theirs) {
    if (!name.starts_with(ours)) return false;
    name = theirs + name.substr(ours.size());
    return true;
  };
  for (const char* noisy : {"adv.", "val.", "expert.n."}) {
    const std::string ours = std::string(noisy) == "expert.n." ? "moe." : noisy;
    if (!name.starts_with(ours)) continue;
    const bool first_layer = name.ends_with("1") || name.ends_with("1_sigma");
    if (ours == "moe." && !first_layer) continue;
    const char letter = name[ours.size()];
    if (letter != 'w' && letter != 'b') continue;
    return std::string(noisy) + letter + (name.ends_with("_sigma") ? "_sigma" : "_mu");
  }
  if (name == "moe.mu") return "phi";
  if (name == "moe.scale") return "scale";
  if (name == "moe.router") return "router";
  swap("moe.", "expert.");
  return name;
}

/// Values of every parameter that the file has under its plain or its noisy name.
class GoldenParameters {
 public:
  GoldenParameters(const GoldenCase& golden, ParameterSet& parameters) : parameters_(parameters) {
    for (const Parameter& p : parameters.all()) {
      const std::string name = name_in(golden, p.name);
      const Tensor& value = golden.param(name);
      if (value.size() != p.shape.size())
        throw FormatError(golden.name + ": param." + name + " " + value.shape().text() + " is not our " +
                          p.shape.text());
      std::memcpy(p.value.data(), value.data(), static_cast<size_t>(value.bytes()));
      names_.push_back(name);
    }
    // Without normalisation the scale is there and unused, its gradient exactly 0.
    if (golden.has("param.scale") && !parameters.find("moe.scale")) unused_scale_ = true;
  }

  void add_gradients(GoldenResults& results) const {
    for (size_t i = 0; i < names_.size(); ++i) results.add("grad.param." + names_[i], parameters_.all()[i].gradient);
    if (unused_scale_) results.add("grad.param.scale", 0.0);
  }

 private:
  static std::string name_in(const GoldenCase& golden, const std::string& ours) {
    const std::string noisy = golden_name(ours);
    if (golden.has("param." + noisy)) return noisy;
    return ours.starts_with("moe.") ? "expert." + ours.substr(4) : ours;
  }

  ParameterSet& parameters_;
  std::vector<std::string> names_;
  bool unused_scale_ = false;
};

RlConfig layer_config(const GoldenCase& golden) {
  RlConfig c;
  const nlohmann::json& json = golden.config;
  const std::map<std::string, RlTokens> tokens = {{"PER_PIXEL", RlTokens::per_conv},
                                                  {"PER_FEATUREMAP", RlTokens::per_feat},
                                                  {"PER_SAMPLE", RlTokens::per_samp},
                                                  {"PER_PATCH", RlTokens::patch},
                                                  {"AVG_PATCH", RlTokens::average_patch}};
  c.tokens = tokens.at(json.at("tokens").get<std::string>());
  c.layer = json.at("moe").get<std::string>() == "SOFTMOE" ? RlLayer::soft : RlLayer::top1;
  c.experts = golden.param("expert.w2").dim(0);
  c.hidden = golden.param("expert.w2").dim(1);
  if (json.contains("patch")) c.patch = json.at("patch").at(0).get<int64_t>();
  c.embedding = json.value("embedding", int64_t{0});
  c.normalize = json.value("normalization", false);
  c.router_noise = golden.has("in.noise") ? json.at("noise_std").get<double>() : 0;
  c.importance_weight = json.value("importance_weight", 0.0);
  c.load_weight = json.value("load_weight", 0.0);
  c.load_noise = json.value("load_std", 1.0);
  return c;
}

MapShape map_of(const Tensor& x) { return {x.dim(1), x.dim(2), x.dim(3)}; }

/// out.values, probs, top, logits, dispatch and combine of the mixture.
void add_mixture(const Penultimate::Context& c, Arena& arena, GoldenResults& results) {
  const Routing& r = c.moe.routing;
  const int64_t states = r.groups, tokens = r.tokens, experts = r.experts, slots = r.slots_per_expert;
  results.add("out.values", c.values);
  const Tensor top = arena.make({states, tokens, 1}, DType::i32);
  if (r.kind != RouterKind::soft) {
    results.add("out.logits", r.logits);
    results.add("out.probs", r.gates);
    std::memcpy(top.data(), r.expert.data(), static_cast<size_t>(top.bytes()));
  } else {
    results.add("out.dispatch", r.dispatch);
    results.add("out.combine", r.combine);
    const Tensor probs = arena.zeros({states, tokens, experts});
    for (int64_t i = 0; i < r.combine.size(); ++i)
      probs.f32()[i / slots] += r.combine.f32()[i] / static_cast<float>(slots);
    for (int64_t t = 0; t < states * tokens; ++t) {
      const float* row = probs.f32() + t * experts;
      top.i32()[t] = static_cast<int32_t>(std::max_element(row, row + experts) - row);
    }
    results.add("out.probs", probs);
  }
  results.add("out.top", top);
  results.add("out.importance", c.auxiliary.importance);
  results.add("out.load", c.auxiliary.load);
  results.add("out.entropy", c.auxiliary.naive_entropy);
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a.f32()[i]) * b.f32()[i];
  return sum;
}

std::span<const float> floats(const Tensor& x) { return {x.f32(), static_cast<size_t>(x.size())}; }
std::span<float> floats_out(const Tensor& x) { return {x.f32(), static_cast<size_t>(x.size())}; }
std::span<const int32_t> integers(const Tensor& x) { return {x.i32(), static_cast<size_t>(x.size())}; }

/// Byte frames as numbers in [0, 1].
Tensor scaled(Arena& arena, const Tensor& frames) {
  const Tensor x = arena.make(frames.shape());
  for (int64_t i = 0; i < x.size(); ++i) x.f32()[i] = static_cast<float>(frames.u8()[i]) / 255.0f;
  return x;
}

}  // namespace

void conform_rl(const GoldenCase& golden, GoldenResults& results) {
  const RlConfig config = layer_config(golden);
  const Tensor &feature = golden.in("feature"), &dq = golden.in("dq");
  ParameterSet parameters;
  const Penultimate penultimate(parameters, config, map_of(feature));
  const QOutput output(parameters, penultimate.width(), dq.dim(1), 1, false);
  parameters.allocate(host_memory(), 0);
  const GoldenParameters values(golden, parameters);
  Arena arena;
  QPass pass;
  pass.arena = &arena;
  pass.training = pass.backward = pass.tell_auxiliary = true;
  pass.given_noise = golden.file.find("in.noise");
  pass.given_load_noise = golden.file.find("in.load_noise");
  Penultimate::Context context;
  const Tensor hidden = penultimate.forward(feature, pass, context);
  const Tensor q = output.forward(hidden, arena);
  results.add("out.q", q);
  add_mixture(context, arena, results);
  results.add("out.loss", dot(q, dq) + context.auxiliary.weighted);
  const Tensor dhidden = arena.make(hidden.shape());
  output.backward(hidden, dq.reshaped(q.shape()), dhidden, arena);
  results.add("grad.in.feature", penultimate.backward(context, dhidden, pass));
  values.add_gradients(results);
}

void conform_rl_td(const GoldenCase& golden, GoldenResults& results) {
  RlConfig config = layer_config(golden);
  config.encoder = golden.config.at("encoder").get<std::string>() == "impala" ? RlEncoder::impala : RlEncoder::nature;
  const Tensor& states = golden.in("states");
  const int64_t batch = states.dim(0);
  QNetwork network(config, map_of(states), golden.param("q.b").size());
  const GoldenParameters values(golden, network.parameters());
  Arena arena;
  QPass next_pass, pass;
  next_pass.arena = pass.arena = &arena;
  pass.training = pass.backward = pass.tell_auxiliary = true;
  QNetwork::Context next_context, context;
  const Tensor next = network.forward(scaled(arena, golden.in("next_states")), next_pass, next_context);
  const Tensor discounts = arena.make({batch}), target = arena.make({batch}), sample = arena.make({batch});
  for (int64_t b = 0; b < batch; ++b)
    discounts.f32()[b] = golden.config.at("gamma").get<float>() * (1 - golden.in("terminals").f32()[b]);
  td_targets(floats(golden.in("rewards")), floats(discounts), next.reshaped({batch, network.actions()}), {},
             floats_out(target));
  const Tensor logits = network.forward(scaled(arena, states), pass, context);
  const Tensor q = logits.reshaped({batch, network.actions()}), dq = arena.make(q.shape());
  const double loss = td_loss(q, integers(golden.in("actions")), floats(target), {}, dq, floats_out(sample));
  results.add("out.q", q);
  results.add("out.target", target);
  results.add("out.loss", loss);
  add_mixture(context.penultimate, arena, results);
  network.backward(context, dq.reshaped(logits.shape()), pass);
  values.add_gradients(results);
}

void conform_rainbow(const GoldenCase& golden, GoldenResults& results) {
  RlConfig config = layer_config(golden);
  config.noisy = config.dueling = true;
  config.atoms = golden.config.at("atoms").get<int64_t>();
  config.value_limit = golden.config.at("vmax").get<double>();
  const Tensor &feature = golden.in("feature"), &target = golden.in("target");
  const int64_t actions = golden.param("adv.b_mu").size() / config.atoms, batch = feature.dim(0);
  ParameterSet parameters;
  const Penultimate penultimate(parameters, config, map_of(feature));
  const QOutput output(parameters, penultimate.width(), actions, config.atoms, true);
  NoisyParameters noise;
  add_noise(noise, parameters, config);
  parameters.allocate(host_memory(), 0);
  const GoldenParameters values(golden, parameters);
  noise.set_draw(0, floats(golden.in("noise.expert.in")), floats(golden.in("noise.expert.out")));
  noise.set_draw(1, floats(golden.in("noise.in")), floats(golden.in("noise.adv.out")));
  noise.set_draw(2, floats(golden.in("noise.in")), floats(golden.in("noise.val.out")));
  Arena arena;
  QPass pass;
  pass.arena = &arena;
  pass.training = pass.backward = pass.tell_auxiliary = true;
  const UseNoise use(noise);
  Penultimate::Context context;
  const Tensor hidden = penultimate.forward(feature, pass, context);
  const Tensor logits = output.forward(hidden, arena);
  const Tensor q = arena.make({batch, actions}), dist = arena.make(logits.shape());
  action_values(logits, config.value_limit, q, dist);
  const Tensor projected = arena.make(target.shape()), dlogits = arena.make(logits.shape()),
               sample = arena.make({batch});
  c51_project(floats(golden.in("rewards")), floats(golden.in("discounts")), target, config.value_limit, projected);
  const double loss = c51_loss(logits, integers(golden.in("actions")), target, floats(golden.in("weights")), dlogits,
                               floats_out(sample));
  results.add("out.dist_logits", logits);
  results.add("out.dist", dist);
  results.add("out.q", q);
  results.add("out.projected", projected);
  results.add("out.loss", loss);
  add_mixture(context, arena, results);
  const Tensor dhidden = arena.make(hidden.shape());
  output.backward(hidden, dlogits, dhidden, arena);
  results.add("grad.in.feature", penultimate.backward(context, dhidden, pass));
  noise.add_gradients();
  values.add_gradients(results);
}

}  // namespace moescope
