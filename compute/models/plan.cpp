// Counts what the layers' contexts keep and what crosses between devices.
#include "compute/models/plan.h"

#include <algorithm>
#include <string>

#include "compute/records/config_fields.h"

namespace moescope {
namespace {

constexpr double kFloat = sizeof(float);

/// Elements of the experts' own tensors: block3.moe.w1, b1, w2, b2.
int64_t count_expert_parameters(const ParameterSet& parameters) {
  int64_t count = 0;
  for (const Parameter& p : parameters.all()) {
    const size_t moe = p.name.find(".moe.");
    if (moe == std::string::npos) continue;
    const std::string part = p.name.substr(moe + 5);
    if (part == "w1" || part == "b1" || part == "w2" || part == "b2") count += p.shape.size();
  }
  return count;
}

/// Floats that one MoE layer keeps for an image of `tokens` tokens.
double moe_floats(const RunConfig& c, double tokens, double rows) {
  const double d = static_cast<double>(c.model.width), experts = static_cast<double>(c.router.num_experts);
  const double hidden = static_cast<double>(expert_width(c)) * (c.router.activation == Activation::geglu ? 2 : 1);
  const double of_experts = rows * (2 * d + hidden);
  if (c.router.kind == RouterKind::soft) {
    const double normalized = c.router.soft_normalize == SoftNormalize::none ? 0 : tokens * d;
    const double weights = 2 * tokens * rows * static_cast<double>(group_images(c.router));
    return of_experts + normalized + weights;
  }
  const double gates = (c.router.noise_std > 0 ? 4 : 2) * tokens * experts;
  constexpr double kPairLists = 4, kChoiceLists = 3;  // kept_pairs.h; expert, place and row of each choice
  return of_experts + gates + kPairLists * rows + kChoiceLists * tokens * static_cast<double>(c.router.k);
}

void check_devices(const VisionTransformer& model, const PlanAsk& ask) {
  const auto text = [](int64_t n) { return std::to_string(n); };
  if (ask.devices > ask.batch_size) {
    throw ConfigError(text(ask.devices) + " devices share a batch of " + text(ask.batch_size) +
                      " images; take fewer devices or a larger --batch");
  }
  const int64_t experts = model.config().router.num_experts;
  if (ask.parallel == Parallel::expert && model.moe_blocks().empty())
    throw ConfigError("the model has no experts to spread over devices; take --parallel data");
  if (ask.parallel == Parallel::expert && experts % ask.devices != 0) {
    throw ConfigError(text(ask.devices) + " devices do not divide the " + text(experts) +
                      " experts of a layer; take a number that does");
  }
}

void plan_training(const PlanAsk& ask, ModelPlan& plan) {
  const double images = ask.steps * static_cast<double>(ask.batch_size);
  plan.train_exaflops = plan.cost.train_flops * images * 1e-18;
  plan.train_exaflops_macs_1 = plan.train_exaflops / 2;
  const double added = 3 * plan.cost.padding_flops + 2.5 * plan.cost.einsum_flops;
  plan.einsum_exaflops_macs_1 = plan.train_exaflops_macs_1 + added / 2 * images * 1e-18;
}

}  // namespace

double activation_floats(const VisionTransformer& model) {
  const RunConfig& c = model.config();
  const ImageShape& image = model.image();
  const double d = static_cast<double>(c.model.width), tokens = static_cast<double>(model.tokens_per_image());
  const double stream = tokens * d, patches = static_cast<double>(model.grid_height() * model.grid_width());
  const double depth = static_cast<double>(c.model.depth), moe = static_cast<double>(model.moe_blocks().size());
  // Outside the blocks: patches (and their embedding beside a class token), the stream and its branch, the last sum and
  // its normalisation, what the head pools, the logits.
  double floats = patches * static_cast<double>(c.model.patch * c.model.patch * image.channels) + 4 * stream +
                  2 * tokens + d + static_cast<double>(c.model.representation + image.classes);
  if (model.has_class_token()) floats += patches * d;
  if (c.model.head == HeadKind::map)
    floats += (c.model.qk_norm ? 3 : 2) * stream + 3 * d + static_cast<double>(c.model.mlp);
  // A block: two sums (the first block's first is the stream itself), two normalisations, queries, keys, values, the
  // attention's output.
  floats += depth * ((c.model.qk_norm ? 10 : 8) * stream + 4 * tokens) - stream;
  floats += (depth - moe) * tokens * static_cast<double>(c.model.mlp);
  return floats + moe * moe_floats(c, tokens, model_cost(model).expert_rows);
}

ModelPlan plan_model(const VisionTransformer& model, const PlanAsk& ask) {
  check_devices(model, ask);
  const RunConfig& c = model.config();
  ModelPlan plan;
  plan.cost = model_cost(model);
  plan.expert_parameters = count_expert_parameters(model.parameters());
  const double devices = static_cast<double>(ask.devices), others = (devices - 1) / devices;
  const double share = ask.parallel == Parallel::expert ? 1 / devices : 1;
  const double experts = static_cast<double>(plan.expert_parameters);
  const double shared = static_cast<double>(plan.cost.parameters) - experts;
  plan.weights = plan.gradients = kFloat * (shared + experts * share);
  plan.optimizer = plan.weights * (c.train.optimizer == OptimizerKind::adamw ? 2 : 1);
  const int64_t own_images = std::max<int64_t>(ask.batch_size / ask.devices, 1);
  plan.images_at_once = std::min(c.train.micro_batch, own_images);
  plan.activations = kFloat * activation_floats(model) * static_cast<double>(plan.images_at_once);

  const double layers = static_cast<double>(model.moe_blocks().size()), d = static_cast<double>(c.model.width);
  const double row_bytes = kFloat * d * plan.cost.expert_rows * layers;  // of an image, one way
  if (c.router.kind == RouterKind::soft) {
    plan.einsum_flops = 4 * static_cast<double>(model.tokens_per_image()) * plan.cost.expert_rows *
                        static_cast<double>(group_images(c.router)) * d * layers;
  } else {
    plan.einsum_flops = plan.cost.einsum_flops;
    plan.scatter_bytes = 4 * row_bytes;  // read and written, to the experts and back
  }
  if (ask.parallel == Parallel::expert) {
    constexpr double kTrips = 4;  // there and back, forward and backward
    plan.all_to_all = kTrips * row_bytes * static_cast<double>(own_images) * others;
  }
  plan.all_reduce = 2 * others * kFloat * (ask.parallel == Parallel::expert ? shared : shared + experts);
  plan_training(ask, plan);
  return plan;
}

}  // namespace moescope
