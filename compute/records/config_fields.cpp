// Walks the table of settings: a field's value as text and back, with errors that name the field and the remedy.
#include "compute/records/config_fields.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kBools[] = {"false", "true"};

}  // namespace

#define MOESCOPE_CHOICES(Enum, ...)                             \
  template <>                                                   \
  Names choice_names<Enum>() {                                  \
    static constexpr std::string_view kNames[] = {__VA_ARGS__}; \
    return kNames;                                              \
  }

MOESCOPE_CHOICES(DatasetKind, "fashion_mnist", "fashion_scenes", "cifar10", "cifar100", "folder", "handwritten_digits")
MOESCOPE_CHOICES(PixelScale, "standardize", "unit_range")
MOESCOPE_CHOICES(PositionKind, "learned", "sincos2d", "none")
MOESCOPE_CHOICES(HeadKind, "gap", "token", "map")
MOESCOPE_CHOICES(MoePlacement, "last", "last_odd", "every_second", "listed")
MOESCOPE_CHOICES(RouterKind, "dense", "soft", "tokens_choice", "experts_choice")
MOESCOPE_CHOICES(SoftNormalize, "logits", "tokens", "none", "rms", "layer")
MOESCOPE_CHOICES(NormEps, "inside", "outside", "clamp")
MOESCOPE_CHOICES(CapacityRounding, "ceil", "round")
MOESCOPE_CHOICES(Activation, "gelu_tanh", "gelu_erf", "relu", "geglu")
MOESCOPE_CHOICES(OptimizerKind, "adamw", "sgd")
MOESCOPE_CHOICES(ScheduleKind, "constant", "cosine", "linear", "rsqrt")
MOESCOPE_CHOICES(LossKind, "softmax", "sigmoid")
MOESCOPE_CHOICES(DecayRule, "all", "kernels")
MOESCOPE_CHOICES(DeviceKind, "automatic", "cpu", "cuda")
MOESCOPE_CHOICES(Precision, "float32", "bfloat16")
MOESCOPE_CHOICES(InstructionSet, "automatic", "reference", "avx2", "avx512")
#undef MOESCOPE_CHOICES

namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string joined(Names names) {
  std::string all;
  for (std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

/// The shortest text that reads back as the same bits.
std::string number_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_range(const Field& field, std::string_view text) {
  throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is outside " + number_text(field.min) + " to " +
                    number_text(field.max) + "; choose a value within");
}

double read_number(const Field& field, std::string_view text, std::string_view kind) {
  const std::optional<double> value = parse_double(text);
  if (!value || std::isnan(*value)) {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not a number; give " + std::string(kind) +
                      " from " + number_text(field.min) + " to " + number_text(field.max));
  }
  if (!(*value >= field.min && *value <= field.max)) refuse_range(field, text);
  return *value;
}

void read(const Field&, std::string_view text, std::string& member) { member = std::string(text); }

void read(const Field& field, std::string_view text, double& member) { member = read_number(field, text, "a number"); }

void read(const Field& field, std::string_view text, int64_t& member) {
  const double value = read_number(field, text, "a whole number");  // ranges end at 1e15, where a double is still exact
  if (value != std::floor(value)) {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not a whole number; try " +
                      number_text(std::round(value)));
  }
  member = static_cast<int64_t>(value);
}

void read(const Field& field, std::string_view text, bool& member) {
  if (text == "true" || text == "on" || text == "yes" || text == "1") {
    member = true;
  } else if (text == "false" || text == "off" || text == "no" || text == "0") {
    member = false;
  } else {
    throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is neither true nor false; give one of them");
  }
}

template <class Enum>
requires std::is_enum_v<Enum>
void read(const Field& field, std::string_view text, Enum& member) {
  const Names names = choice_names<Enum>();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) {
      member = static_cast<Enum>(i);
      return;
    }
  }
  throw ConfigError(std::string(field.key) + ": " + quoted(text) + " is not one of " + joined(names) +
                    "; did you mean " + quoted(nearest_name(text, names)) + "?");
}

template <class Member>
std::string member_text(const Member& member) {
  if constexpr (std::is_enum_v<Member>) {
    return std::string(choice_name(member));
  } else if constexpr (std::is_same_v<Member, bool>) {
    return std::string(kBools[member ? 1 : 0]);
  } else if constexpr (std::is_same_v<Member, double>) {
    return number_text(member);
  } else if constexpr (std::is_same_v<Member, int64_t>) {
    return std::to_string(member);
  } else {
    return member;
  }
}

[[noreturn]] void refuse_key(std::string_view key) {
  std::vector<std::string_view> names;
  const RunConfig defaults;
  visit_fields(defaults, [&](const Field& field, const auto&) { names.push_back(field.key); });
  throw ConfigError("there is no setting " + quoted(key) + "; did you mean " + quoted(nearest_name(key, names)) + "?");
}

}  // namespace

std::vector<FieldText> list_fields(const RunConfig& config) {
  std::vector<FieldText> fields;
  visit_fields(config, [&]<class Member>(const Field& field, const Member& member) {
    FieldText text{field, member_text(member), {}};
    if constexpr (std::is_enum_v<Member>) text.choices = choice_names<Member>();
    if constexpr (std::is_same_v<Member, bool>) text.choices = kBools;
    text.is_integer = std::is_same_v<Member, int64_t>;
    text.is_number = text.is_integer || std::is_same_v<Member, double>;
    fields.push_back(std::move(text));
  });
  return fields;
}

std::string get_field(const RunConfig& config, std::string_view key) {
  std::optional<std::string> value;
  visit_fields(config, [&](const Field& field, const auto& member) {
    if (field.key == key) value = member_text(member);
  });
  if (!value) refuse_key(key);
  return *value;
}

void set_field(RunConfig& config, std::string_view key, std::string_view text) {
  bool found = false;
  visit_fields(config, [&](const Field& field, auto& member) {
    if (field.key != key) return;
    found = true;
    read(field, text, member);
  });
  if (!found) refuse_key(key);
}

Field find_field(std::string_view key) {
  std::optional<Field> found;
  const RunConfig defaults;
  visit_fields(defaults, [&](const Field& field, const auto&) {
    if (field.key == key) found = field;
  });
  if (!found) refuse_key(key);
  return *found;
}

}  // namespace moescope
