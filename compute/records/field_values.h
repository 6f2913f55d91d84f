// A field's value as text and back, for every table of settings; errors name the field and the remedy.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/config_fields.h"
#include "compute/records/nearest_name.h"

namespace moescope {

// The parts that do not depend on the type (field_values.cpp). `text` is what was asked for.
std::span<const std::string_view> bool_names();
std::string setting_number(double value);  // the shortest text that reads back as the same bits
double read_number(const Field& field, std::string_view text, std::string_view kind);
[[noreturn]] void refuse_choice(const Field& field, std::string_view text, std::span<const std::string_view> names);
[[noreturn]] void refuse_key(std::string_view key, const std::vector<std::string_view>& known);

void read_value(const Field& field, std::string_view text, std::string& member);
void read_value(const Field& field, std::string_view text, double& member);
void read_value(const Field& field, std::string_view text, int64_t& member);
void read_value(const Field& field, std::string_view text, bool& member);

template <class Enum>
requires std::is_enum_v<Enum>
void read_value(const Field& field, std::string_view text, Enum& member) {
  const auto names = choice_names<Enum>();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) {
      member = static_cast<Enum>(i);
      return;
    }
  }
  refuse_choice(field, text, names);
}

template <class Member>
std::string value_text(const Member& member) {
  if constexpr (std::is_enum_v<Member>) {
    return std::string(choice_name(member));
  } else if constexpr (std::is_same_v<Member, bool>) {
    return std::string(bool_names()[member ? 1 : 0]);
  } else if constexpr (std::is_same_v<Member, double>) {
    return setting_number(member);
  } else if constexpr (std::is_same_v<Member, int64_t>) {
    return std::to_string(member);
  } else {
    return member;
  }
}

template <class Member>
FieldText field_text(const Field& field, const Member& member) {
  FieldText text{field, value_text(member), {}};
  if constexpr (std::is_enum_v<Member>) text.choices = choice_names<Member>();
  if constexpr (std::is_same_v<Member, bool>) text.choices = bool_names();
  text.is_integer = std::is_same_v<Member, int64_t>;
  text.is_number = text.is_integer || std::is_same_v<Member, double>;
  return text;
}

}  // namespace moescope
