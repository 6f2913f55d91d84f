// What a setting computes and where that comes from: the second half of config_fields.h, for tool-tips and help.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace moescope {

struct FieldNote {
  std::string_view key;      // "router.capacity_factor"
  std::string_view formula;  // "capacity = factor × k × tokens / E"
  std::string_view source;   // "V-MoE, arXiv 2106.05974, section 2.1"
};

/// Every setting that can change while a model runs has one.
std::span<const FieldNote> field_notes();
/// Nothing for a setting that has none.
std::optional<FieldNote> find_note(std::string_view key);

}  // namespace moescope
