// Slices of an evaluation and what they add up to.
#include "compute/eval/evaluator.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "compute/core/clock.h"
#include "compute/eval/device_inference.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"

namespace moescope {

EvalOptions EvalOptions::of(const RunConfig& config) {
  EvalOptions options;
  options.router = config.router;
  options.loss = config.train.loss;
  options.scale = config.data.scale;
  options.micro_batch = std::min(config.train.micro_batch, config.train.batch_size);
  options.workers = config.data.workers;
  return options;
}

EvalTally::EvalTally(VisionTransformer& model, EvalOptions options, Arena& arena)
    : model_(model),
      options_(std::move(options)),
      arena_(arena),
      targets_(Shape{options_.micro_batch, model.image().classes}) {
  check(options_.what_if, model_.config(), model_.grid_height() * model_.grid_width());
  options_.router = knobs_under(options_.what_if, options_.router);
  if (options_.router.kind == RouterKind::tokens_choice && options_.router.k > options_.router.num_experts) {
    throw ConfigError("router.k " + std::to_string(options_.router.k) + " is more than router.num_experts " +
                      std::to_string(options_.router.num_experts) + "; lower it");
  }
}

Tensor EvalTally::add(const Batch& batch, RoutingObserver* observer) { return add(batch, observer, nullptr); }
Tensor EvalTally::add(const Batch& batch, Prefix& prefix) { return add(batch, nullptr, &prefix); }

Tensor EvalTally::add(const Batch& batch, RoutingObserver* observer, Prefix* prefix) {
  const auto begin = std::chrono::steady_clock::now();
  const int64_t flops_before = flops_done();
  arena_.reset();
  Pass pass;
  pass.arena = &arena_;
  pass.router = &options_.router;
  pass.what_if = &options_.what_if;
  pass.first_image = num_images_;
  pass.observer = observer;
  if (prefix && prefix->filled) secs_ += prefix->secs;
  const Tensor logits = options_.device
                            ? infer_on_device(*options_.device, model_, batch.images, pass, nullptr, options_.scored)
                        : prefix ? model_.forward(batch.images, pass, *prefix)
                                 : model_.forward(batch.images, pass);
  const Tensor targets = targets_.tensor().rows(0, batch.size());
  fill_targets(batch.labels.i32(), batch.size(), model_.image().classes, 0, targets.f32());
  loss_sum_ += cross_entropy(options_.loss, logits, targets);
  num_correct_ += count_correct(logits, batch.labels.i32());
  num_images_ += batch.size();
  flops_ += flops_done() - flops_before;
  secs_ += secs_since(begin);
  return logits;
}

EvalResult EvalTally::result() const {
  EvalResult result;
  result.num_images = num_images_;
  if (num_images_ == 0) return result;
  const auto images = static_cast<double>(num_images_);
  result.accuracy = static_cast<double>(num_correct_) / images;
  result.loss = loss_sum_ / images;
  result.gflops_per_image = static_cast<double>(flops_) / images * 1e-9;
  result.images_per_sec = secs_ > 0 ? images / secs_ : 0;
  return result;
}

Evaluation::Evaluation(VisionTransformer& model, std::shared_ptr<const Dataset> dataset, EvalOptions options,
                       Arena& arena)
    : total_(std::max<int64_t>(1, dataset->size(options.split))),
      batches_(std::move(dataset), options.split, options.micro_batch, options.scale, options.workers),
      tally_(model, std::move(options), arena) {}

bool Evaluation::slice() {
  const Batch* batch = batches_.next();
  if (batch) tally_.add(*batch);
  return batch != nullptr;
}

double Evaluation::progress() const { return static_cast<double>(tally_.num_images()) / static_cast<double>(total_); }

EvalResult evaluate(VisionTransformer& model, std::shared_ptr<const Dataset> dataset, const EvalOptions& options,
                    const std::function<bool(double progress)>& report) {
  Arena arena;
  Evaluation evaluation(model, std::move(dataset), options, arena);
  while (evaluation.slice()) {
    if (report && !report(evaluation.progress())) break;
  }
  return evaluation.result();
}

int64_t count_correct(const Tensor& logits, const int32_t* labels) {
  const int64_t classes = logits.dim(1);
  int64_t correct = 0;
  for (int64_t i = 0; i < logits.dim(0); ++i) {
    const float* row = logits.f32() + i * classes;
    const float* largest = std::max_element(row, row + classes);
    const bool is_number = !std::any_of(row, row + classes, [](float logit) { return std::isnan(logit); });
    correct += is_number && largest - row == labels[i];
  }
  return correct;
}

}  // namespace moescope
