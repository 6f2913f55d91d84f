// The table of formulas and sources.
#include "compute/records/field_notes.h"

#include <algorithm>

namespace moescope {

namespace {

constexpr std::string_view kVmoe2 = "V-MoE, arXiv 2106.05974, section 2.1",
                           kVmoe3 = "V-MoE, arXiv 2106.05974, section 3",
                           kVmoeA = "V-MoE, arXiv 2106.05974, appendix A",
                           kSoft2 = "Soft MoE, arXiv 2308.00951, section 2.1", kAdamW = "AdamW, arXiv 1711.05101",
                           kAdam = "Adam, arXiv 1412.6980", kSgdr = "SGDR, arXiv 1608.03983",
                           kOurs = "moescope's own; no paper";

constexpr FieldNote kNotes[] = {
    {"router.kind", "tokens_choice: top k of each row; experts_choice: top C of each column; soft: a softmax both ways",
     "V-MoE 2106.05974; Experts Choice 2202.09368; Soft MoE 2308.00951"},
    {"router.num_experts", "E columns of the router's logits", kVmoe2},
    {"router.k", "y = sum of the k largest gates × expert", kVmoe2},
    {"router.capacity_factor", "capacity = factor × k × tokens / E", kVmoe2},
    {"router.eval_capacity_factor", "capacity = factor × k × tokens / E", "V-MoE, arXiv 2106.05974, section 4"},
    {"router.capacity_rounding", "capacity = ceil(x) or round(x)", "google-research/vmoe:vmoe/moe.py"},
    {"router.capacity_multiple_of", "capacity = the next multiple of it", "google-research/vmoe:vmoe/moe.py"},
    {"router.bpr", "order by the largest gate", kVmoe3},
    {"router.noise_std", "logits + std / E × N(0, 1); Soft MoE: logits + std × N(0, 1)", kVmoe2},
    {"router.temperature", "softmax(logits / temperature)", kOurs},
    {"router.importance_weight", "weight × CV(importance)²", kVmoeA},
    {"router.load_weight", "weight × CV(load)²", kVmoeA},
    {"router.gshard_weight", "weight × E × mean(gate) · share", "GShard, arXiv 2006.16668"},
    {"router.group_images", "a group's images × tokens share each expert's capacity; Soft MoE mixes within a group",
     "group_size in google-research/vmoe:vmoe/configs"},
    {"router.slots_per_expert", "slots = E × p; each a softmax over the tokens", kSoft2},
    {"router.soft_normalize", "logits = scale × l2(x) · l2(phi)", "Soft MoE, arXiv 2308.00951, section 2.3"},
    {"train.learning_rate", "peak of the schedule", kOurs},
    {"train.end_learning_rate", "the schedule's last value", kOurs},
    {"train.epochs", "cosine: end + (peak - end) × (1 + cos(pi × step / total)) / 2, total = epochs × steps an epoch",
     kSgdr},
    {"train.schedule_steps", "total = that many steps; 0: all of train.epochs", kSgdr},
    {"train.weight_decay", "w -= rate × decay × w", kAdamW},
    {"train.head_weight_decay", "the same for the head's kernel", kAdamW},
    {"train.beta1", "m = beta1 × m + (1 - beta1) × g", kAdam},
    {"train.beta2", "v = beta2 × v + (1 - beta2) × g²", kAdam},
    {"train.epsilon", "w -= rate × m / (sqrt(v) + epsilon)", kAdam},
    {"train.momentum", "m = momentum × m + g", "Polyak 1964"},
    {"train.clip_norm", "g × min(1, limit / |g|)", "Pascanu et al., arXiv 1211.5063"},
    {"train.label_smoothing", "target = (1 - s) × one-hot + s / classes",
     "Szegedy et al., arXiv 1512.00567, section 7"},
    {"train.flip", "mirrored with probability 1/2", kOurs},
    {"train.shift", "dx, dy uniform in [-n, n]", kOurs},
    {"train.crop", "padded by n, a window at random", kOurs},
    {"train.mixup", "x = l × a + (1 - l) × b, l ~ Beta(alpha, alpha)", "mixup, arXiv 1710.09412"},
    {"train.eval_every", "every n steps, 0: every epoch", kOurs},
    {"train.checkpoint_secs", "every n seconds", kOurs},
    {"train.checkpoint_ring_mib", "the oldest of the densest part goes first", kOurs},
};

}  // namespace

std::span<const FieldNote> field_notes() { return kNotes; }

std::optional<FieldNote> find_note(std::string_view key) {
  const auto found =
      std::find_if(std::begin(kNotes), std::end(kNotes), [&](const auto& note) { return note.key == key; });
  return found == std::end(kNotes) ? std::nullopt : std::optional(*found);
}

}  // namespace moescope
