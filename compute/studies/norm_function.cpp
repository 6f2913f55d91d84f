// Can a Soft MoE layer learn the length of its input? arXiv:2409.00879, theorem 1 and appendix C: x of ten standard
// normal numbers times 5, as 5 tokens of 2 or 2 tokens of 5; the prediction is the sum of all outputs.
#include <chrono>
#include <cmath>

#include "compute/core/rng.h"
#include "compute/records/error.h"
#include "compute/studies/bare_layer.h"
#include "compute/studies/study.h"
#include "compute/train/optimizer.h"

namespace moescope {
namespace {

constexpr int64_t kNumbers = 10;        // of an input
constexpr float kDeviation = 5;         // PAPERS.md 2.2: the paper's "N(0, 5I)" is a standard deviation
constexpr uint64_t kHeldOut = 1 << 20;  // the batch of the measurement, after all of training
constexpr int64_t kCurvePoints = 100;

class Regressor {
 public:
  explicit Regressor(const RunConfig& config)
      : config_(config),
        width_(config.model.width),
        tokens_(kNumbers / config.model.width),
        seed_(static_cast<uint64_t>(config.train.seed)),
        layer_(parameters_, "", bare_layer_shape(config)) {
    parameters_.allocate(host_memory(), seed_);
    clear_biases(parameters_);
    draw_uniform_slots(parameters_, seed_);
    optimizer_ = std::make_unique<Optimizer>(config.train.optimizer, parameters_, host_memory());
  }

  /// Mean squared error over the batch of `step`, before the update that follows it when `learn`.
  double step(int64_t step, int64_t batch, bool learn) {
    arena_.reset();
    Pass pass;
    pass.arena = &arena_;
    pass.router = &config_.router;
    pass.backward = pass.training = learn;
    const Tensor x = arena_.make({batch * tokens_, width_}), y = arena_.make(x.shape());
    const Tensor dy = learn ? arena_.make(x.shape()) : Tensor();
    Rng(seed_, RngPurpose::test, static_cast<uint64_t>(step)).fill_normal(x.f32(), x.size(), kDeviation);
    MoeLayer::Context context;
    layer_.forward(x, tokens_, pass, y, context);
    double loss = 0;
    for (int64_t i = 0; i < batch; ++i) {
      double square = 0, sum = 0;
      for (int64_t j = i * kNumbers; j < (i + 1) * kNumbers; ++j) {
        square += static_cast<double>(x.f32()[j]) * x.f32()[j];
        sum += y.f32()[j];
      }
      const double error = sum - std::sqrt(square);
      loss += error * error;
      if (learn)
        std::fill_n(dy.f32() + i * kNumbers, kNumbers, static_cast<float>(2 * error / static_cast<double>(batch)));
    }
    if (learn) update(context, dy, step, pass);
    return loss / static_cast<double>(batch);
  }

  const ParameterSet& parameters() const { return parameters_; }

 private:
  void update(MoeLayer::Context& context, const Tensor& dy, int64_t step, Pass& pass) {
    parameters_.zero_gradients();
    const Tensor dx = arena_.zeros(dy.shape());
    layer_.backward(context, dy, dx, pass, 0);
    clear_bias_gradients(parameters_);
    optimizer_->update(config_.train, step, config_.train.learning_rate, 1);
  }

  RunConfig config_;
  int64_t width_, tokens_;
  uint64_t seed_;
  ParameterSet parameters_;
  MoeLayer layer_;
  std::unique_ptr<Optimizer> optimizer_;
  Arena arena_;
};

}  // namespace

StudyOutcome norm_function(const StudyCase& study, const StudyProgress& progress) {
  const int64_t width = study.config.model.width, steps = study.config.train.schedule_steps;
  if (kNumbers % width != 0)
    throw ConfigError("norm-function cuts ten numbers into tokens: model.width must be 2 or 5, not " +
                      std::to_string(width));
  if (steps < 1) throw ConfigError("norm-function needs train.schedule_steps, the number of steps to train");
  const auto begin = std::chrono::steady_clock::now();
  Regressor regressor(study.config);
  StudyOutcome outcome;
  const int64_t every = std::max<int64_t>(steps / kCurvePoints, 1);
  double recent = 0;
  for (int64_t step = 0; step < steps; ++step) {
    recent += regressor.step(step, study.config.train.batch_size, true);
    if ((step + 1) % every != 0) continue;
    const double secs = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome.curve.push_back({"train/loss", step + 1, secs, recent / static_cast<double>(every)});
    recent = 0;
    if (!progress(static_cast<double>(step + 1) / static_cast<double>(steps))) throw StudyStopped();
  }
  const auto held_out = static_cast<int64_t>(number_of(study.numbers, "held_out", 100000));
  outcome.values["loss"] = regressor.step(kHeldOut, held_out, false);
  outcome.steps = steps;
  outcome.num_parameters = regressor.parameters().count();
  outcome.dataset = std::to_string(kNumbers / width) + " tokens of " + std::to_string(width) + " normal numbers";
  return outcome;
}

}  // namespace moescope
