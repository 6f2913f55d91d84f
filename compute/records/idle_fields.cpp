// Which router has which knob: V-MoE 2106.05974, Soft MoE 2308.00951, NUMERICS 1.5 and 2.4.
#include "compute/records/idle_fields.h"

#include <algorithm>
#include <array>

#include "compute/records/config_fields.h"

namespace moescope {

namespace {

using namespace std::string_view_literals;

constexpr std::array kOfTokensChoice{"router.k"sv, "router.bpr"sv, "router.importance_weight"sv, "router.load_weight"sv,
                                     "router.gshard_weight"sv};
constexpr std::array kOfSoft{"router.slots_per_expert"sv, "router.mixing"sv, "router.soft_normalize"sv,
                             "router.soft_eps"sv, "router.scale_init"sv};
constexpr std::array kOfSparse{"router.eval_capacity_factor"sv, "router.capacity_rounding"sv,
                               "router.capacity_multiple_of"sv};
constexpr std::array kOfTraining{"router.noise_std"sv, "router.importance_weight"sv, "router.load_weight"sv,
                                 "router.gshard_weight"sv};
constexpr std::array kOfLogits{"router.noise_std"sv, "router.temperature"sv};

template <size_t N>
bool is_in(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string only(RouterKind has_it, const RouterConfig& router) {
  return "only router.kind=" + std::string(choice_name(has_it)) + " has it, and this is " +
         std::string(choice_name(router.kind));
}

}  // namespace

std::string why_idle(const RunConfig& config, std::string_view key) {
  const RouterConfig& r = config.router;
  find_field(key);
  if (!key.starts_with("router.") || key == "router.kind") return "";
  const bool soft = r.kind == RouterKind::soft;
  if (r.kind == RouterKind::dense) return "router.kind=dense has no router";
  if (r.kind != RouterKind::tokens_choice && is_in(kOfTokensChoice, key)) return only(RouterKind::tokens_choice, r);
  if (!soft && is_in(kOfSoft, key)) return only(RouterKind::soft, r);
  if (soft && is_in(kOfSparse, key)) return "Soft MoE has no capacity but its slots";
  if (soft && key == "router.capacity_factor" && r.slots_per_expert > 0)
    return "router.slots_per_expert=" + std::to_string(r.slots_per_expert) + " says how many slots there are";
  const bool fixed = r.mixing == SoftMixing::uniform || r.mixing == SoftMixing::identity;
  if (soft && fixed && is_in(kOfLogits, key))
    return "router.mixing=" + std::string(choice_name(r.mixing)) + " looks at no logits";
  return "";
}

std::string why_idle_in_evaluation(const RunConfig& config, std::string_view key) {
  if (const std::string why = why_idle(config, key); !why.empty()) return why;
  const RouterConfig& r = config.router;
  if (is_in(kOfTraining, key)) return "it is at work in training alone";
  if (key != "router.capacity_factor") return "";
  if (r.kind == RouterKind::soft) return "the model has the slots that it was trained with";
  if (r.eval_capacity_factor > 0)
    return "router.eval_capacity_factor=" + get_field(config, "router.eval_capacity_factor") +
           " stands in its place; change that one";
  return "";
}

}  // namespace moescope
