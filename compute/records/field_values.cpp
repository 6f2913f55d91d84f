// Numbers, bools and texts of settings, and what is said about those that cannot be.
#include "compute/records/field_values.h"

#include <charconv>

namespace moescope {
namespace {

constexpr std::string_view kBools[] = {"false", "true"};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string joined(std::span<const std::string_view> names) {
  std::string all;
  for (std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_range(const Field& field, std::string_view text) {
  throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is outside " + setting_number(field.min) + " to " +
                    setting_number(field.max) + "; choose a value within");
}

}  // namespace

std::span<const std::string_view> bool_names() { return kBools; }

std::string setting_number(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

double read_number(const Field& field, std::string_view text, std::string_view kind) {
  const std::optional<double> value = parse_double(text);
  if (!value || std::isnan(*value)) {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not a number; give " + std::string(kind) +
                      " from " + setting_number(field.min) + " to " + setting_number(field.max));
  }
  if (!(*value >= field.min && *value <= field.max)) refuse_range(field, text);
  return *value;
}

void refuse_choice(const Field& field, std::string_view text, std::span<const std::string_view> names) {
  throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not one of " + joined(names) +
                    "; did you mean " + quoted(nearest_name(text, names)) + "?");
}

void refuse_key(std::string_view key, const std::vector<std::string_view>& known) {
  throw ConfigError("there is no setting " + quoted(key) + "; did you mean " + quoted(nearest_name(key, known)) + "?");
}

void read_value(const Field&, std::string_view text, std::string& member) { member = std::string(text); }

void read_value(const Field& field, std::string_view text, double& member) {
  member = read_number(field, text, "a number");
}

void read_value(const Field& field, std::string_view text, int64_t& member) {
  const double value = read_number(field, text, "a whole number");  // ranges end at 1e15, where a double is still exact
  if (value != std::floor(value)) {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not a whole number; try " +
                      setting_number(std::round(value)));
  }
  member = static_cast<int64_t>(value);
}

void read_value(const Field& field, std::string_view text, bool& member) {
  if (text == "true" || text == "on" || text == "yes" || text == "1") {
    member = true;
  } else if (text == "false" || text == "off" || text == "no" || text == "0") {
    member = false;
  } else {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is neither true nor false; give one of them");
  }
}

}  // namespace moescope
