// The one table of settings: command-line flags, JSON files, panels, stored parameters and help all walk it.
#pragma once

#include <array>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "compute/records/error.h"
#include "compute/records/run_config.h"

namespace moescope {

enum class Adjust {
  live,      // takes effect at the next step of a running model
  reroute,   // gives a running model new routers; experts and all else keep their weights
  next_run,  // shapes the model or the data: a new run is needed
};

/// What the table says about a field, apart from its value.
struct Field {
  std::string_view key;    // "router.capacity_factor"
  double min, max;         // inclusive; meaningless for text, bool and choices
  Adjust adjust;
  std::string_view help;   // one line: what it is, its unit, where it comes from
};

/// The names of an enum's values, in the order of their numbers.
template <class Enum>
std::span<const std::string_view> choice_names();
template <>
std::span<const std::string_view> choice_names<DatasetKind>();
template <>
std::span<const std::string_view> choice_names<PixelScale>();
template <>
std::span<const std::string_view> choice_names<PositionKind>();
template <>
std::span<const std::string_view> choice_names<HeadKind>();
template <>
std::span<const std::string_view> choice_names<InitScheme>();
template <>
std::span<const std::string_view> choice_names<MoePlacement>();
template <>
std::span<const std::string_view> choice_names<RouterKind>();
template <>
std::span<const std::string_view> choice_names<SoftNormalize>();
template <>
std::span<const std::string_view> choice_names<SoftMixing>();
template <>
std::span<const std::string_view> choice_names<NormEps>();
template <>
std::span<const std::string_view> choice_names<CapacityRounding>();
template <>
std::span<const std::string_view> choice_names<Activation>();
template <>
std::span<const std::string_view> choice_names<OptimizerKind>();
template <>
std::span<const std::string_view> choice_names<ScheduleKind>();
template <>
std::span<const std::string_view> choice_names<LossKind>();
template <>
std::span<const std::string_view> choice_names<DecayRule>();
template <>
std::span<const std::string_view> choice_names<DeviceKind>();
template <>
std::span<const std::string_view> choice_names<Precision>();
template <>
std::span<const std::string_view> choice_names<InstructionSet>();

/// The name of one value: choice_name(RouterKind::soft) is "soft".
template <class Enum>
std::string_view choice_name(Enum value) {
  return choice_names<Enum>()[static_cast<size_t>(value)];
}

/// Calls visit(Field, member) for every field of the configuration, in the order in which they are shown.
template <class Config, class Visit>
void visit_fields(Config& c, Visit&& visit) {
  constexpr double kMany = 1e15;
  constexpr auto live = Adjust::live, reroute = Adjust::reroute, next_run = Adjust::next_run;
  // clang-format off: a table, one line a field
  visit(Field{"name", 0, 0, next_run, "what to call the run"}, c.name);

  visit(Field{"data.dataset", 0, 0, next_run, "images to learn from"}, c.data.dataset);
  visit(Field{"data.path", 0, 0, next_run, "folder of the data set; empty: where Debian's package puts it"}, c.data.path);
  visit(Field{"data.image_size", 0, 1024, next_run, "side of an image in pixels, for folder and fashion_scenes; 0: their own"}, c.data.image_size);
  visit(Field{"data.items_per_scene", 1, 64, next_run, "items placed on one canvas of fashion_scenes"}, c.data.items_per_scene);
  visit(Field{"data.scale", 0, 0, next_run, "pixels standardised by the data set's mean and deviation, or mapped to [-1, 1]"}, c.data.scale);
  visit(Field{"data.train_limit", 0, kMany, next_run, "use only the first N training images; 0: all"}, c.data.train_limit);
  visit(Field{"data.test_limit", 0, kMany, next_run, "use only the first N test images; 0: all"}, c.data.test_limit);
  visit(Field{"data.workers", 1, 64, next_run, "threads that decode and augment"}, c.data.workers);

  visit(Field{"model.patch", 1, 256, next_run, "side of a patch in pixels; must divide the image"}, c.model.patch);
  visit(Field{"model.width", 2, 16384, next_run, "token width D"}, c.model.width);
  visit(Field{"model.depth", 1, 256, next_run, "number of transformer blocks"}, c.model.depth);
  visit(Field{"model.heads", 1, 256, next_run, "attention heads; must divide the width"}, c.model.heads);
  visit(Field{"model.mlp", 1, 65536, next_run, "hidden width H of an MLP"}, c.model.mlp);
  visit(Field{"model.position", 0, 0, next_run, "position embedding"}, c.model.position);
  visit(Field{"model.head", 0, 0, next_run, "gap: mean of the tokens; token: a class token; map: attention pooling"}, c.model.head);
  visit(Field{"model.qk_norm", 0, 1, next_run, "normalise queries and keys (on in the Soft MoE paper, off in V-MoE)"}, c.model.qk_norm);
  visit(Field{"model.representation", 0, 65536, next_run, "width of a tanh layer before the head; 0: none"}, c.model.representation);
  visit(Field{"model.head_bias_init", -100, 100, next_run, "start of the head's bias"}, c.model.head_bias_init);
  visit(Field{"model.init", 0, 0, next_run, "initial weights: jax: the papers' (Xavier and LeCun); torch: those of PyTorch's layers (uniform by fan-in, biases too)"}, c.model.init);
  visit(Field{"model.zero_head", 0, 1, next_run, "start the head's kernel at 0, as the papers do"}, c.model.zero_head);
  visit(Field{"model.moe_placement", 0, 0, next_run, "last: the last n blocks (Soft MoE); last_odd: the last n odd ones (V-MoE); every_second; listed: see model.moe_list"}, c.model.moe_placement);
  visit(Field{"model.moe_blocks", 0, 256, next_run, "how many blocks are mixtures of experts"}, c.model.moe_blocks);
  visit(Field{"model.moe_list", 0, 0, next_run, "numbers of the mixture blocks for placement listed, from 0: 2,5,8,11"}, c.model.moe_list);

  visit(Field{"router.kind", 0, 0, reroute, "who chooses: nobody, Soft MoE, each token, or each expert"}, c.router.kind);
  visit(Field{"router.num_experts", 1, 4096, next_run, "number of experts E"}, c.router.num_experts);
  visit(Field{"router.expert_mlp", 0, 65536, next_run, "hidden width of one expert; 0: model.mlp"}, c.router.expert_mlp);
  visit(Field{"router.activation", 0, 0, next_run, "activation inside an expert"}, c.router.activation);
  visit(Field{"router.identical_init", 0, 1, next_run, "all experts start equal, as in the released configs"}, c.router.identical_init);
  visit(Field{"router.group_images", 0, 4096, reroute, "images routed together; 0: 8 for tokens_choice, 1 otherwise"}, c.router.group_images);
  visit(Field{"router.noise_std", 0, 100, live, "gate noise in training (divided by E for sparse routers)"}, c.router.noise_std);
  visit(Field{"router.temperature", 0.01, 100, live, "the logits are divided by it: above 1 softer, below 1 sharper"}, c.router.temperature);
  visit(Field{"router.capacity_factor", 0.01, 64, live, "slots per expert relative to a fair share"}, c.router.capacity_factor);
  visit(Field{"router.eval_capacity_factor", 0, 64, live, "capacity factor in evaluation; 0: as in training"}, c.router.eval_capacity_factor);
  visit(Field{"router.capacity_rounding", 0, 0, live, "how the capacity becomes whole: ceil (V-MoE) or round half to even"}, c.router.capacity_rounding);
  visit(Field{"router.capacity_multiple_of", 1, 1024, live, "raise the capacity to a multiple of this (4 in the released V-MoE)"}, c.router.capacity_multiple_of);
  visit(Field{"router.k", 1, 64, live, "experts per token"}, c.router.k);
  visit(Field{"router.bpr", 0, 1, live, "Batch Prioritized Routing: the most confident tokens get their slot first"}, c.router.bpr);
  visit(Field{"router.importance_weight", 0, 100, live, "weight of the importance loss"}, c.router.importance_weight);
  visit(Field{"router.load_weight", 0, 100, live, "weight of the load loss"}, c.router.load_weight);
  visit(Field{"router.gshard_weight", 0, 100, live, "weight of the GShard balance loss"}, c.router.gshard_weight);
  visit(Field{"router.slots_per_expert", 0, 4096, reroute, "Soft MoE slots per expert p; 0: from the capacity factor"}, c.router.slots_per_expert);
  visit(Field{"router.mixing", 0, 0, next_run, "what mixes in Soft MoE: learned weights, uniform ones in dispatch or combine or both, or identity: token i goes to slot i (Soft MoE paper, table 2)"}, c.router.mixing);
  visit(Field{"router.soft_normalize", 0, 0, reroute, "logits: unit vectors enter the logits only (Soft MoE paper); tokens: the experts see unit tokens too (implicit bias paper); none (deep RL paper); rms, layer: normalised with a learned gain (soft-moe-pytorch)"}, c.router.soft_normalize);
  visit(Field{"router.soft_eps", 0, 0, next_run, "where the epsilon of the l2 normalisation stands"}, c.router.soft_eps);
  visit(Field{"router.scale_init", 0.001, 1000, next_run, "start of Soft MoE's learned scale; at 1 the maps stay flat for long"}, c.router.scale_init);
  visit(Field{"router.bf16_boundary", 0, 1, next_run, "round what crosses dispatch and combine to bfloat16, as vmoe does"}, c.router.bf16_boundary);

  visit(Field{"train.optimizer", 0, 0, next_run, "optimiser"}, c.train.optimizer);
  visit(Field{"train.learning_rate", 0, 100, live, "peak learning rate"}, c.train.learning_rate);
  visit(Field{"train.end_learning_rate", 0, 100, live, "learning rate at the end of the schedule"}, c.train.end_learning_rate);
  visit(Field{"train.weight_decay", 0, 100, live, "decoupled weight decay, multiplied by the learning rate"}, c.train.weight_decay);
  visit(Field{"train.head_weight_decay", -1, 100, live, "weight decay of the head's kernel; -1: as the others"}, c.train.head_weight_decay);
  visit(Field{"train.decay_rule", 0, 0, next_run, "which parameters decay"}, c.train.decay_rule);
  visit(Field{"train.beta1", 0, 0.999999, live, "Adam beta 1"}, c.train.beta1);
  visit(Field{"train.beta2", 0, 0.999999, live, "Adam beta 2"}, c.train.beta2);
  visit(Field{"train.epsilon", 1e-16, 1, live, "Adam epsilon, outside the root"}, c.train.epsilon);
  visit(Field{"train.momentum", 0, 0.999999, live, "momentum of SGD"}, c.train.momentum);
  visit(Field{"train.schedule", 0, 0, next_run, "learning-rate schedule after the warm-up; whole_cosine: a cosine over all steps, which the warm-up multiplies"}, c.train.schedule);
  visit(Field{"train.warmup_steps", 0, kMany, next_run, "steps of linear warm-up"}, c.train.warmup_steps);
  visit(Field{"train.schedule_steps", 0, kMany, live, "length of the schedule in steps; 0: all epochs"}, c.train.schedule_steps);
  visit(Field{"train.timescale", 1, kMany, next_run, "time scale of rsqrt in steps"}, c.train.timescale);
  visit(Field{"train.cooldown_steps", 0, kMany, next_run, "linear cool-down at the end of rsqrt"}, c.train.cooldown_steps);
  visit(Field{"train.clip_norm", 0, 1e6, live, "limit of the global gradient norm; 0: off"}, c.train.clip_norm);
  visit(Field{"train.loss", 0, 0, next_run, "softmax or sigmoid cross-entropy"}, c.train.loss);
  visit(Field{"train.label_smoothing", 0, 0.999, live, "label smoothing"}, c.train.label_smoothing);
  visit(Field{"train.batch_size", 1, 65536, next_run, "images per step"}, c.train.batch_size);
  visit(Field{"train.micro_batch", 1, 65536, next_run, "images computed at once; bounds memory"}, c.train.micro_batch);
  visit(Field{"train.epochs", 0, 1e6, live, "passes over the training set: the length of the schedule, and where a run without a stop rule ends"}, c.train.epochs);
  visit(Field{"train.flip", 0, 1, live, "mirror images at random"}, c.train.flip);
  visit(Field{"train.shift", 0, 256, live, "shift images by up to so many pixels"}, c.train.shift);
  visit(Field{"train.crop", 0, 256, live, "pad by so many pixels and crop at random"}, c.train.crop);
  visit(Field{"train.mixup", 0, 100, live, "alpha of mixup; 0: off"}, c.train.mixup);
  visit(Field{"train.eval_every", 0, kMany, live, "steps between evaluations; 0: once an epoch"}, c.train.eval_every);
  visit(Field{"train.checkpoint_secs", 0, 86400, live, "seconds between rolling checkpoints; 0: only at the end"}, c.train.checkpoint_secs);
  visit(Field{"train.checkpoint_ring_mib", 0, 1048576, live, "MiB of rolling checkpoints kept to go back to, spread over the run; 0: the last alone"}, c.train.checkpoint_ring_mib);
  visit(Field{"train.seed", 0, kMany, next_run, "seed of everything random"}, c.train.seed);

  visit(Field{"compute.device", 0, 0, next_run, "where to compute"}, c.compute.device);
  visit(Field{"compute.precision", 0, 0, next_run, "operands of matrix products: float32; tf32: 10 bits of fraction, on a GPU alone, a CPU takes it as float32; bfloat16: 7 bits"}, c.compute.precision);
  visit(Field{"compute.threads", 0, 1024, next_run, "threads; 0: one a core"}, c.compute.threads);
  visit(Field{"compute.instructions", 0, 0, next_run, "CPU kernels; automatic takes the fastest that this CPU can run"}, c.compute.instructions);
  // clang-format on
}

/// True for what says where and by whom a run is computed, not what: its name, the data's folder, workers, devices and
/// threads. Such a field may differ between a run and its continuation.
bool says_where(std::string_view key);

/// A field as text, for listings, panels and storage.
struct FieldText {
  Field field;
  std::string value;
  std::span<const std::string_view> choices;  // empty unless the field is a choice or a bool
  bool is_number = false, is_integer = false;
};

/// Every field with its present value, in table order. Floats are written so that reading them back gives the same bits.
std::vector<FieldText> list_fields(const RunConfig& config);

/// The value of one field as text. Throws ConfigError naming the nearest key when there is no such field.
std::string get_field(const RunConfig& config, std::string_view key);

/// Sets one field from text. Throws ConfigError for an unknown key (naming the nearest), a value that is not of the
/// field's type or choices, NaN, or one outside its range. The configuration is unchanged then.
void set_field(RunConfig& config, std::string_view key, std::string_view text);

/// What the table says of one field. Throws ConfigError like get_field.
Field find_field(std::string_view key);

/// Checks what single ranges cannot see (k > experts, heads that do not divide the width, ...). image_side is the side
/// of the data set's images in pixels, 0 when not known yet. Throws ConfigError naming both fields and a remedy.
void validate(const RunConfig& config, int64_t image_side);

/// The hidden width, group size and expert-block positions that the configuration implies.
int64_t expert_width(const RunConfig& config);
int64_t group_images(const RouterConfig& config);
/// Of a kind of router: as the released configs have it.
int64_t default_group_images(RouterKind kind);
std::vector<bool> moe_layers(const ModelConfig& model, const RouterConfig& router);  // one flag a block

}  // namespace moescope
