// The three parts in a row.
#include "compute/rl/q_network.h"

#include "compute/core/error.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {

void add_noise(NoisyParameters& noise, ParameterSet& parameters, const RlConfig& config) {
  if (!config.noisy) return;
  if (config.layer == RlLayer::dense)
    noise.add(parameters, "fc.w", "fc.b");
  else
    noise.add(parameters, "moe.w1", "moe.b1");
  if (config.dueling) {
    noise.add(parameters, "adv.w", "adv.b");
    noise.add(parameters, "val.w", "val.b");
  } else {
    noise.add(parameters, "q.w", "q.b");
  }
}

QNetwork::QNetwork(const RlConfig& config, const MapShape& observation, int64_t actions, Memory& memory)
    : config_(config), observation_(observation) {
  try {
    encoder_ = make_encoder(parameters_, config.encoder, observation, config.filters);
  } catch (const ShapeError&) {
    throw ConfigError("rl.encoder: " + std::string(config.encoder == RlEncoder::dense ? "dense" : "convolutions") +
                      " do not fit observations of " + std::to_string(observation.height) + " by " +
                      std::to_string(observation.width) + "; choose rl.encoder=dense");
  }
  penultimate_ = std::make_unique<Penultimate>(parameters_, config, encoder_->output());
  output_ = std::make_unique<QOutput>(parameters_, penultimate_->width(), actions, config.atoms, config.dueling);
  add_noise(noise_, parameters_, config);
  parameters_.allocate(memory, static_cast<uint64_t>(config.seed));
}

Tensor QNetwork::forward(const Tensor& x, QPass& pass, Context& c) const {
  const Tensor features = encoder_->forward(x, *pass.arena, c.encoder);
  c.hidden = penultimate_->forward(features, pass, c.penultimate);
  c.logits = output_->forward(c.hidden, *pass.arena);
  return c.logits;
}

void QNetwork::backward(Context& c, const Tensor& dlogits, QPass& pass) const {
  const ArenaScope scope(*pass.arena);
  const Tensor dhidden = pass.arena->make(c.hidden.shape());
  output_->backward(c.hidden, dlogits, dhidden, *pass.arena);
  encoder_->backward(c.encoder, penultimate_->backward(c.penultimate, dhidden, pass), *pass.arena);
}

void QNetwork::copy_from(const QNetwork& other) { copy(other.parameters_.values(), parameters_.values()); }

QNetworkSize measure(const QNetwork& network) {
  QNetworkSize size;
  for (const Parameter& p : network.parameters().all()) {
    size.parameters += p.shape.size();
    const bool output = p.name.starts_with("q.") || p.name.starts_with("adv.") || p.name.starts_with("val.");
    const bool penultimate = p.name.starts_with("moe.") || p.name.starts_with("fc.") || p.name.starts_with("embed.");
    if (output) size.output_parameters += p.shape.size();
    if (penultimate) size.penultimate_parameters += p.shape.size();
  }
  Arena arena;
  QPass pass;
  pass.arena = &arena;
  QNetwork::Context context;
  const int64_t before = flops_done();
  network.forward(arena.zeros(network.observation().batch(1)), pass, context);
  size.forward_mflop = static_cast<double>(flops_done() - before) * 1e-6;
  return size;
}

}  // namespace moescope::rl
