// What a configuration implies, and the combinations that cannot be: two fields at a time, each with a remedy.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "compute/records/capacity.h"
#include "compute/records/config_fields.h"

namespace moescope {

namespace {

std::string number(int64_t value) { return std::to_string(value); }

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw ConfigError(what + "; " + remedy);
}

bool has_moe(const RunConfig& c) { return c.router.kind != RouterKind::dense; }

/// Every field within its own range: a configuration may have been filled by hand. NaN is outside every range.
void check_ranges(const RunConfig& config) {
  RunConfig scratch;
  for (const FieldText& field : list_fields(config)) {
    if (field.is_number) set_field(scratch, field.field.key, field.value);
  }
}

/// The divisor of `n` that is nearest to `wanted`; of two the smaller.
int64_t divisor_near(int64_t n, int64_t wanted) {
  for (int64_t away = 0;; ++away) {
    for (const int64_t divisor : {wanted - away, wanted + away})
      if (divisor > 0 && divisor <= n && n % divisor == 0) return divisor;
  }
}

void check_data(const RunConfig& c) {
  const bool fixed_size = c.data.dataset != DatasetKind::folder && c.data.dataset != DatasetKind::fashion_scenes;
  const bool cifar = c.data.dataset == DatasetKind::cifar10 || c.data.dataset == DatasetKind::cifar100;
  const int64_t own_side = cifar ? 32 : 28;
  if (fixed_size && c.data.image_size != 0 && c.data.image_size != own_side) {
    refuse("data.image_size " + number(c.data.image_size) + " does not fit data.dataset " +
               std::string(choice_name(c.data.dataset)) + ", whose images have a side of " + number(own_side),
           "set data.image_size=0");
  }
  if (c.data.dataset == DatasetKind::folder && c.data.path.empty()) {
    refuse("data.dataset folder needs data.path", "set data.path to a folder with one sub-folder a class");
  }
}

void check_model(const RunConfig& c, int64_t image_side) {
  const ModelConfig& m = c.model;
  if (m.width % m.heads != 0) {
    refuse("model.heads " + number(m.heads) + " does not divide model.width " + number(m.width),
           "choose a number of heads that does, such as " + number(divisor_near(m.width, m.heads)));
  }
  if (m.position == PositionKind::sincos2d && (m.width % 4 != 0 || m.width < 8)) {
    refuse("model.position sincos2d needs a model.width that is a multiple of 4 and at least 8, not " + number(m.width),
           "set model.width=" + number(std::max<int64_t>(8, (m.width + 3) / 4 * 4)));
  }
  if (image_side > 0 && (m.patch > image_side || image_side % m.patch != 0)) {
    refuse("model.patch " + number(m.patch) + " does not divide the image side " + number(image_side),
           "choose a patch that does, such as " + number(divisor_near(image_side, m.patch)));
  }
  if (image_side > 0 && c.train.shift + c.train.crop >= image_side) {
    const bool both = c.train.shift > 0 && c.train.crop > 0, crops = c.train.shift == 0;
    refuse((both ? "train.shift " + number(c.train.shift) + " and train.crop " + number(c.train.crop) + " together move"
            : crops ? "train.crop " + number(c.train.crop) + " moves"
                    : "train.shift " + number(c.train.shift) + " moves") +
               " images of side " + number(image_side) + " out of sight",
           both    ? "choose smaller ones"
           : crops ? "choose a smaller crop"
                   : "choose a smaller shift");
  }
}

/// Sets the flag of every block that `list` ("2,5,8,11") names.
void flag_listed(const std::string& list, std::vector<bool>& flags) {
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    const bool digits = !word.empty() && word.size() < 6 &&
                        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const size_t block = digits ? std::stoul(word) : flags.size();
    if (block >= flags.size()) {
      refuse(
          "model.moe_list \"" + list + "\" names block \"" + word + "\", but model.depth " +
              number(static_cast<int64_t>(flags.size())) + " has blocks 0 to " +
              number(static_cast<int64_t>(flags.size()) - 1),
          "list block numbers with commas, such as model.moe_list=" + number(static_cast<int64_t>(flags.size()) - 1));
    }
    flags[block] = true;
  }
}

void check_listed(const ModelConfig& m) {
  std::vector<bool> flags(static_cast<size_t>(m.depth), false);
  flag_listed(m.moe_list, flags);
  if (std::find(flags.begin(), flags.end(), true) == flags.end())
    refuse("model.moe_placement listed needs model.moe_list",
           "name the blocks, such as model.moe_list=" + number(m.depth - 1));
}

void check_placement(const RunConfig& c) {
  const ModelConfig& m = c.model;
  if (m.moe_placement == MoePlacement::listed) return check_listed(m);
  const std::string kind(choice_name(c.router.kind)), placement(choice_name(m.moe_placement));
  const int64_t room = m.moe_placement == MoePlacement::last ? m.depth : m.depth / 2;
  if (m.moe_placement == MoePlacement::every_second) {
    if (room > 0) return;
    refuse("model.moe_placement every_second finds no second block in model.depth " + number(m.depth),
           "set model.depth=2 or model.moe_placement=last");
  }
  if (m.moe_blocks == 0) {
    refuse("router.kind " + kind + " has no block to work in because model.moe_blocks is 0",
           "set model.moe_blocks=1 or router.kind=dense");
  }
  if (room == 0) {
    refuse("model.moe_placement " + placement + " finds no block in model.depth " + number(m.depth),
           "set model.depth=2 or model.moe_placement=last");
  }
  if (m.moe_blocks > room) {
    refuse("model.moe_blocks " + number(m.moe_blocks) + " is more than the " + number(room) +
               " blocks that model.moe_placement " + placement + " finds in model.depth " + number(m.depth),
           "set model.moe_blocks=" + number(room) + " or a larger model.depth");
  }
}

void check_groups(const RunConfig& c) {
  const int64_t group = group_images(c.router);
  const int64_t at_once = std::min(c.train.micro_batch, c.train.batch_size);
  const std::string name = "router.group_images " + number(group);
  if (c.train.batch_size % group != 0) {
    refuse("train.batch_size " + number(c.train.batch_size) + " is not a multiple of " + name,
           "change one of them so that every group is full");
  }
  if (at_once % group != 0) {
    refuse("train.micro_batch " + number(at_once) + " is not a multiple of " + name +
               ", and a group must be computed at once",
           "set train.micro_batch=" + number((at_once + group - 1) / group * group));
  }
}

/// Slots per expert (and group), NUMERICS 1.5 and 2.4.
int64_t slots_for(const RouterConfig& r, int64_t choices, double factor) {
  const bool soft = r.kind == RouterKind::soft;
  return compute_capacity(choices, r.num_experts, factor, soft ? CapacityRounding::round : r.capacity_rounding,
                          soft ? 1 : r.capacity_multiple_of);
}

int64_t tokens_of_group(const RunConfig& c, int64_t image_side) {
  const int64_t side = image_side / c.model.patch;
  return (side * side + (c.model.head == HeadKind::token)) * group_images(c.router);
}

void check_capacity(const RunConfig& c, int64_t image_side) {
  const RouterConfig& r = c.router;
  const bool soft = r.kind == RouterKind::soft;
  if (image_side == 0 || (soft && r.slots_per_expert > 0)) return;
  const int64_t tokens = tokens_of_group(c, image_side);
  const int64_t choices = r.kind == RouterKind::tokens_choice ? tokens * r.k : tokens;
  for (const double factor : {r.capacity_factor, r.eval_capacity_factor}) {
    if (factor == 0) continue;  // as in training
    const std::string name = factor == r.capacity_factor ? "router.capacity_factor" : "router.eval_capacity_factor";
    const int64_t slots = slots_for(r, choices, factor);
    const std::string shares = number(tokens) + " tokens a group and router.num_experts " + number(r.num_experts);
    if (slots < 1) {
      refuse(name + " leaves no slot per expert with " + shares, "raise the factor or take fewer experts");
    }
    if (r.kind == RouterKind::experts_choice && slots > tokens) {
      refuse(name + " asks each expert for " + number(slots) + " tokens, more than there are with " + shares,
             factor <= 1 ? "set router.capacity_multiple_of=1" : "lower the factor to at most router.num_experts");
    }
  }
}

/// Identity mixing hands token i to slot i.
void check_mixing(const RunConfig& c, int64_t image_side) {
  const RouterConfig& r = c.router;
  if (r.kind != RouterKind::soft || r.mixing != SoftMixing::identity || image_side == 0 || r.slots_per_expert == 0)
    return;
  const int64_t tokens = tokens_of_group(c, image_side), slots = r.num_experts * r.slots_per_expert;
  if (slots != tokens)
    refuse("router.mixing=identity needs as many slots as tokens, but there are " + number(slots) + " slots and " +
               number(tokens) + " tokens a group",
           "set router.num_experts=" + number(tokens) + " and router.slots_per_expert=1");
}

void check_router(const RunConfig& c, int64_t image_side) {
  const RouterConfig& r = c.router;
  check_placement(c);
  if (r.kind == RouterKind::tokens_choice && r.k > r.num_experts) {
    refuse("router.k " + number(r.k) + " is more than router.num_experts " + number(r.num_experts),
           "set router.k=" + number(r.num_experts) + " or add experts");
  }
  if (expert_width(c) < 1) {
    refuse("router.activation geglu takes two thirds of model.mlp " + number(c.model.mlp) + " as its width, which is 0",
           "set router.expert_mlp or a larger model.mlp");
  }
  check_groups(c);
  check_capacity(c, image_side);
  check_mixing(c, image_side);
}

void check_train(const RunConfig& c) {
  const TrainConfig& t = c.train;
  if (t.micro_batch < t.batch_size && t.batch_size % t.micro_batch != 0) {
    refuse(
        "train.batch_size " + number(t.batch_size) + " is not a multiple of train.micro_batch " + number(t.micro_batch),
        "set train.micro_batch=" + number(divisor_near(t.batch_size, t.micro_batch)));
  }
  if (t.schedule_steps > 0 && t.schedule != ScheduleKind::constant) {
    const int64_t cooldown = t.schedule == ScheduleKind::rsqrt ? t.cooldown_steps : 0;
    if (t.warmup_steps + cooldown > t.schedule_steps) {
      refuse("train.warmup_steps " + number(t.warmup_steps) +
                 (cooldown > 0 ? " and train.cooldown_steps " + number(cooldown) : "") +
                 " do not fit in train.schedule_steps " + number(t.schedule_steps),
             "shorten them or lengthen the schedule");
    }
  }
}

}  // namespace

void validate(const RunConfig& config, int64_t image_side) {
  check_ranges(config);
  check_data(config);
  check_model(config, image_side);
  if (has_moe(config)) check_router(config, image_side);
  check_train(config);
}

int64_t expert_width(const RunConfig& config) {
  if (config.router.expert_mlp > 0) return config.router.expert_mlp;
  // GEGLU's first product is twice as wide; two thirds keep the number of parameters (NUMERICS 1.7).
  return config.router.activation == Activation::geglu ? config.model.mlp * 2 / 3 : config.model.mlp;
}

int64_t group_images(const RouterConfig& config) {
  return config.group_images > 0 ? config.group_images : default_group_images(config.kind);
}

int64_t default_group_images(RouterKind kind) {
  return kind == RouterKind::tokens_choice ? 8 : 1;  // the released configs, NUMERICS 2.8 and 1.1
}

std::vector<bool> moe_layers(const ModelConfig& model, const RouterConfig& router) {
  std::vector<bool> flags(static_cast<size_t>(model.depth), false);
  if (router.kind == RouterKind::dense) return flags;
  if (model.moe_placement == MoePlacement::listed) {
    flag_listed(model.moe_list, flags);
    return flags;
  }
  int64_t left = model.moe_placement == MoePlacement::every_second ? model.depth : model.moe_blocks;
  for (int64_t block = model.depth - 1; block >= 0 && left > 0; --block) {
    const bool odd_only = model.moe_placement != MoePlacement::last;
    if (odd_only && block % 2 == 0) continue;
    flags[static_cast<size_t>(block)] = true;
    --left;
  }
  return flags;
}

}  // namespace moescope
