// Walks the table of settings of reinforcement learning.
#include "compute/records/rl_config_fields.h"

#include "compute/records/field_values.h"

namespace moescope {

template <>
std::span<const std::string_view> choice_names<RlEncoder>() {
  static constexpr std::string_view kNames[] = {"minatar", "nature", "impala", "dense"};
  return kNames;
}
template <>
std::span<const std::string_view> choice_names<RlLayer>() {
  static constexpr std::string_view kNames[] = {"dense", "soft", "top1"};
  return kNames;
}
template <>
std::span<const std::string_view> choice_names<RlTokens>() {
  static constexpr std::string_view kNames[] = {"per_conv", "per_feat", "per_samp", "patch", "average_patch"};
  return kNames;
}

std::vector<FieldText> list_fields(const RlConfig& config) {
  std::vector<FieldText> fields;
  visit_rl_fields(config, [&](const Field& field, const auto& member) { fields.push_back(field_text(field, member)); });
  return fields;
}

void set_field(RlConfig& config, std::string_view key, std::string_view text) {
  bool found = false;
  std::vector<std::string_view> names;
  visit_rl_fields(config, [&](const Field& field, auto& member) {
    names.push_back(field.key);
    if (field.key != key && (!is_rl_field(field.key) || field.key.substr(3) != key)) return;
    found = true;
    read_value(field, text, member);
  });
  if (!found) refuse_key(key, names);
}

void validate(const RlConfig& c) {
  if (c.min_replay > c.replay_capacity) {
    throw ConfigError("rl.min_replay: " + std::to_string(c.min_replay) +
                      " steps before the first update do not fit in rl.replay_capacity, " +
                      std::to_string(c.replay_capacity) + "; make one smaller or the other larger");
  }
  if (c.n_step + c.batch_size >= c.min_replay) {
    throw ConfigError("rl.min_replay: " + std::to_string(c.min_replay) + " must be above rl.batch_size + rl.n_step, " +
                      std::to_string(c.batch_size + c.n_step) + "; raise it");
  }
  if (c.divide_hidden && c.hidden % c.experts != 0) {
    throw ConfigError("rl.divide_hidden: " + std::to_string(c.experts) + " experts do not divide rl.hidden, " +
                      std::to_string(c.hidden) + "; choose a multiple");
  }
}

}  // namespace moescope
