// Can a Soft MoE layer learn the length of its input? arXiv:2409.00879, theorem 1 and appendix C: x of ten standard
// normal numbers times 5, as 5 tokens of 2 or 2 tokens of 5; the prediction is the sum of all outputs.
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "compute/core/clock.h"
#include "compute/core/rng.h"
#include "compute/records/error.h"
#include "compute/studies/bare_layer.h"
#include "compute/studies/norm_fit.h"
#include "compute/studies/norm_lanes.h"
#include "compute/studies/study.h"
#include "compute/train/optimizer.h"

namespace moescope {
namespace {

constexpr float kDeviation = 5;         // PAPERS.md 2.2: the paper's "N(0, 5I)" is a standard deviation
constexpr uint64_t kHeldOut = 1 << 20;  // the batch of the measurement, after all of training
constexpr int64_t kCurvePoints = 100;

/// The inputs of one step: all models of a seed learn from the same.
class Inputs {
 public:
  void draw(uint64_t seed, uint64_t step, int64_t count) {
    count_ = count;
    rows_.resize(static_cast<size_t>(count * kNormNumbers));
    Rng(seed, RngPurpose::test, step).fill_normal(rows_.data(), count * kNormNumbers, kDeviation);
    padded_ = (count + kNormLanes - 1) / kNormLanes * kNormLanes;
    by_number_.assign(static_cast<size_t>(padded_ * kNormNumbers), 0);
    lengths_.assign(static_cast<size_t>(padded_), 0);
    for (int64_t i = 0; i < count; ++i) {
      double square = 0;
      for (int64_t j = 0; j < kNormNumbers; ++j) {
        const float x = rows_[static_cast<size_t>(i * kNormNumbers + j)];
        by_number_[static_cast<size_t>(j * padded_ + i)] = x;
        square += static_cast<double>(x) * x;
      }
      lengths_[static_cast<size_t>(i)] = static_cast<float>(std::sqrt(square));
    }
  }
  int64_t count() const { return count_; }
  int64_t padded() const { return padded_; }  // with inputs of zeros and length 0
  const float* rows() const { return rows_.data(); }
  const float* by_number() const { return by_number_.data(); }
  const float* lengths() const { return lengths_.data(); }

 private:
  int64_t count_ = 0, padded_ = 0;
  std::vector<float> rows_, by_number_, lengths_;
};

class Regressor {
 public:
  explicit Regressor(const RunConfig& config)
      : config_(config),
        width_(config.model.width),
        tokens_(kNormNumbers / config.model.width),
        layer_(parameters_, "", bare_layer_shape(config)) {
    const auto seed = static_cast<uint64_t>(config.train.seed);
    parameters_.allocate(host_memory(), seed);
    clear_biases(parameters_);
    draw_uniform_slots(parameters_, seed);
    optimizer_ = std::make_unique<Optimizer>(config.train.optimizer, parameters_, host_memory());
    const RouterConfig& r = config.router;
    if (r.slots_per_expert != 1 || r.soft_normalize != SoftNormalize::none || r.activation != Activation::relu ||
        r.temperature != 1 || r.noise_std != 0 || r.mixing != SoftMixing::learned)
      return;
    const auto at = [&](const char* name) { return parameters_.find(name); };
    lanes_ = {tokens_,
              width_,
              r.num_experts,
              bare_layer_shape(config).hidden,
              at("mu")->value.f32(),
              at("w1")->value.f32(),
              at("w2")->value.f32(),
              at("mu")->gradient.f32(),
              at("w1")->gradient.f32(),
              at("w2")->gradient.f32()};
    if (!lanes_.fits()) return;
    fast_ = norm_step();
    scratch_.resize(static_cast<size_t>(lanes_.scratch()));
  }

  /// Mean squared error before the update that follows it.
  double learn(const Inputs& inputs, int64_t step) {
    parameters_.zero_gradients();
    const double loss = fast_ ? fast_(lanes_, inputs.by_number(), inputs.lengths(), inputs.padded(),
                                      1 / static_cast<float>(inputs.count()), scratch_.data())
                              : by_layer(inputs, true);
    clear_bias_gradients(parameters_);
    optimizer_->update(config_.train, step, config_.train.learning_rate, 1);
    return loss / static_cast<double>(inputs.count());
  }
  /// Of each input, by the layer itself, whatever trained it.
  void predict(const Inputs& inputs, std::vector<double>& predicted) {
    predicted.clear();
    predicted_ = &predicted;
    by_layer(inputs, false);
    predicted_ = nullptr;
  }
  double error(const Inputs& inputs) { return by_layer(inputs, false) / static_cast<double>(inputs.count()); }

  const ParameterSet& parameters() const { return parameters_; }

 private:
  /// Sum of squared errors; with gradients of their mean when `learn`.
  double by_layer(const Inputs& inputs, bool learn) {
    arena_.reset();
    Pass pass;
    pass.arena = &arena_;
    pass.router = &config_.router;
    pass.backward = pass.training = learn;
    const int64_t count = inputs.count();
    const Tensor x = arena_.make({count * tokens_, width_}), y = arena_.make(x.shape());
    std::copy_n(inputs.rows(), x.size(), x.f32());
    MoeLayer::Context context;
    layer_.forward(x, tokens_, pass, y, context);
    double loss = 0;
    for (int64_t i = 0; i < count; ++i) {
      double sum = 0;
      for (int64_t j = i * kNormNumbers; j < (i + 1) * kNormNumbers; ++j) sum += y.f32()[j];
      if (predicted_) predicted_->push_back(sum);
      const double error = sum - static_cast<double>(inputs.lengths()[i]);
      loss += error * error;
      // y is read no more: from here on it holds its gradient.
      std::fill_n(y.f32() + i * kNormNumbers, kNormNumbers, static_cast<float>(2 * error / static_cast<double>(count)));
    }
    if (learn) layer_.backward(context, y, arena_.zeros(x.shape()), pass, 0);
    return loss;
  }

  RunConfig config_;
  int64_t width_, tokens_;
  ParameterSet parameters_;
  MoeLayer layer_;
  std::unique_ptr<Optimizer> optimizer_;
  NormStepFn* fast_ = nullptr;  // null: the layer computes the steps
  NormModel lanes_;
  std::vector<float> scratch_;
  std::vector<double>* predicted_ = nullptr;  // by_layer's predictions go there
  Arena arena_;
};

void check(const RunConfig& config) {
  if (kNormNumbers % config.model.width != 0)
    throw ConfigError("norm-function cuts ten numbers into tokens: model.width must be 2 or 5, not " +
                      std::to_string(config.model.width));
  if (config.train.schedule_steps < 1)
    throw ConfigError("norm-function needs train.schedule_steps, the number of steps to train");
}

}  // namespace

std::vector<StudyOutcome> norm_functions(std::span<const StudyCase> cases, const StudyProgress& progress) {
  const TrainConfig& train = cases.front().config.train;
  std::vector<std::unique_ptr<Regressor>> models;
  for (const StudyCase& one : cases) {
    check(one.config);
    if (!same_course(one.config, cases.front().config))
      throw ConfigError("norm-function trains side by side what has the same data.* and train.*");
    models.push_back(std::make_unique<Regressor>(one.config));
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto seed = static_cast<uint64_t>(train.seed);
  const int64_t steps = train.schedule_steps, every = std::max<int64_t>(steps / kCurvePoints, 1);
  std::vector<StudyOutcome> outcomes(cases.size());
  std::vector<double> recent(cases.size(), 0);
  Inputs inputs;
  for (int64_t step = 0; step < steps; ++step) {
    inputs.draw(seed, static_cast<uint64_t>(step), train.batch_size);
    for (size_t i = 0; i < models.size(); ++i) recent[i] += models[i]->learn(inputs, step);
    if ((step + 1) % every != 0) continue;
    for (size_t i = 0; i < models.size(); ++i) {
      const double loss = std::exchange(recent[i], 0) / static_cast<double>(every);
      outcomes[i].curve.push_back({"train/loss", step + 1, secs_since(begin), loss});
    }
    if (!progress(static_cast<double>(step + 1) / static_cast<double>(steps))) throw StudyStopped();
  }
  for (size_t i = 0; i < models.size(); ++i) {
    inputs.draw(seed, kHeldOut, static_cast<int64_t>(number_of(cases[i].numbers, "held_out", 100000)));
    const int64_t width = cases[i].config.model.width;
    outcomes[i].values["loss"] = models[i]->error(inputs);
    outcomes[i].steps = steps;
    outcomes[i].num_parameters = models[i]->parameters().count();
    outcomes[i].dataset =
        std::to_string(kNormNumbers / width) + " tokens of " + std::to_string(width) + " normal numbers";
  }
  return outcomes;
}

StudyOutcome norm_function(const StudyCase& study, const StudyProgress& progress) {
  return std::move(norm_functions(std::span(&study, 1), progress).front());
}

struct NormFit::Parts {
  explicit Parts(const RunConfig& given) : config((check(given), given)), model(given) {}
  RunConfig config;
  Regressor model;
  Inputs inputs;
};

NormFit::NormFit(const RunConfig& config) : parts_(std::make_unique<Parts>(config)) {}

NormFit::~NormFit() = default;

double NormFit::advance(int64_t steps) {
  const TrainConfig& train = parts_->config.train;
  double sum = 0;
  for (int64_t i = 0; i < steps; ++i, ++step_) {
    parts_->inputs.draw(static_cast<uint64_t>(train.seed), static_cast<uint64_t>(step_), train.batch_size);
    sum += parts_->model.learn(parts_->inputs, step_);
  }
  return sum / static_cast<double>(steps);
}

void NormFit::predict(int64_t inputs, std::vector<double>& lengths, std::vector<double>& predicted) {
  Inputs held_out;
  held_out.draw(static_cast<uint64_t>(parts_->config.train.seed), kHeldOut, inputs);
  parts_->model.predict(held_out, predicted);
  lengths.assign(held_out.lengths(), held_out.lengths() + inputs);
}

}  // namespace moescope
