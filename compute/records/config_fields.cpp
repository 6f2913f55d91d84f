// Walks the table of settings: a field's value as text and back, with errors that name the field and the remedy.
#include "compute/records/config_fields.h"

#include <optional>

#include "compute/records/field_values.h"

namespace moescope {

using Names = std::span<const std::string_view>;

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
MOESCOPE_CHOICES(InitScheme, "jax", "torch")
MOESCOPE_CHOICES(MoePlacement, "last", "last_odd", "every_second", "listed")
MOESCOPE_CHOICES(RouterKind, "dense", "soft", "tokens_choice", "experts_choice")
MOESCOPE_CHOICES(SoftNormalize, "logits", "tokens", "none", "rms", "layer")
MOESCOPE_CHOICES(SoftMixing, "learned", "uniform_combine", "uniform_dispatch", "uniform", "identity")
MOESCOPE_CHOICES(NormEps, "inside", "outside", "clamp")
MOESCOPE_CHOICES(CapacityRounding, "ceil", "round")
MOESCOPE_CHOICES(Activation, "gelu_tanh", "gelu_erf", "relu", "geglu")
MOESCOPE_CHOICES(OptimizerKind, "adamw", "sgd")
MOESCOPE_CHOICES(ScheduleKind, "constant", "cosine", "linear", "rsqrt", "whole_cosine")
MOESCOPE_CHOICES(LossKind, "softmax", "sigmoid")
MOESCOPE_CHOICES(DecayRule, "all", "kernels")
MOESCOPE_CHOICES(DeviceKind, "automatic", "cpu", "cuda")
MOESCOPE_CHOICES(Precision, "float32", "tf32", "bfloat16")
MOESCOPE_CHOICES(InstructionSet, "automatic", "reference", "avx2", "avx512")
#undef MOESCOPE_CHOICES

bool says_where(std::string_view key) {
  return key == "name" || key == "data.path" || key == "data.workers" || key.starts_with("compute.");
}

namespace {

[[noreturn]] void refuse_unknown(std::string_view key) {
  std::vector<std::string_view> names;
  const RunConfig defaults;
  visit_fields(defaults, [&](const Field& field, const auto&) { names.push_back(field.key); });
  refuse_key(key, names);
}

}  // namespace

std::vector<FieldText> list_fields(const RunConfig& config) {
  std::vector<FieldText> fields;
  visit_fields(config, [&](const Field& field, const auto& member) { fields.push_back(field_text(field, member)); });
  return fields;
}

std::string get_field(const RunConfig& config, std::string_view key) {
  std::optional<std::string> value;
  visit_fields(config, [&](const Field& field, const auto& member) {
    if (field.key == key) value = value_text(member);
  });
  if (!value) refuse_unknown(key);
  return *value;
}

void set_field(RunConfig& config, std::string_view key, std::string_view text) {
  bool found = false;
  visit_fields(config, [&](const Field& field, auto& member) {
    if (field.key != key) return;
    found = true;
    read_value(field, text, member);
  });
  if (!found) refuse_unknown(key);
}

Field find_field(std::string_view key) {
  std::optional<Field> found;
  const RunConfig defaults;
  visit_fields(defaults, [&](const Field& field, const auto&) {
    if (field.key == key) found = field;
  });
  if (!found) refuse_unknown(key);
  return *found;
}

}  // namespace moescope
