// A step's report as rows. Only what a router has is written: a Soft MoE layer drops nothing, a sparse one has no
// scale.
#include "compute/train/trainer.h"

namespace moescope {

namespace {

void append_layer(const ExpertLoad& layer, const auto& add) {
  const std::string prefix = "layer" + std::to_string(layer.layer) + "/";
  add(prefix + "load_cv", layer.load_cv);
  add(prefix + "entropy", layer.entropy);
  if (layer.router == RouterKind::soft) {
    add(prefix + "dispatch_max", layer.dispatch_max);
    add(prefix + "combine_max", layer.combine_max);
    add(prefix + "scale", layer.scale);
  } else {
    add(prefix + "dropped", layer.dropped);
    add(prefix + "capacity_use", layer.capacity_use);
  }
  if (layer.router == RouterKind::tokens_choice) {
    add(prefix + "dropped_choices", layer.dropped_choices);
    add(prefix + "importance_loss", layer.importance_loss);
    add(prefix + "load_loss", layer.load_loss);
    add(prefix + "gshard_loss", layer.gshard_loss);
  }
  for (size_t e = 0; e < layer.load.size(); ++e) add(prefix + "load/e" + std::to_string(e), layer.load[e]);
  if (layer.router == RouterKind::soft) return;  // its load is its importance
  for (size_t e = 0; e < layer.importance.size(); ++e) {
    add(prefix + "importance/e" + std::to_string(e), layer.importance[e]);
  }
}

}  // namespace

std::vector<Metric> to_metrics(const StepReport& report, int64_t batch_size, double wall_secs, double peak_gflops) {
  std::vector<Metric> metrics;
  const auto add = [&](std::string key, double value) {
    metrics.push_back({std::move(key), report.step, wall_secs, value});
  };
  add("train/loss", report.loss);
  add("train/aux_loss", report.aux_loss);
  add("train/accuracy", report.accuracy);
  add("train/learning_rate", report.learning_rate);
  add("train/gradient_norm", report.gradient_norm);
  if (report.step_secs > 0) {
    const double gflops = report.gflop / report.step_secs;
    add("speed/images_per_sec", static_cast<double>(batch_size) / report.step_secs);
    add("speed/gflops", gflops);
    if (peak_gflops > 0) add("speed/peak_share", gflops / peak_gflops);
  }
  for (const ExpertLoad& layer : report.layers) append_layer(layer, add);
  return metrics;
}

}  // namespace moescope
