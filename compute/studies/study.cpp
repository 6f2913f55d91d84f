// The studies by name.
#include "compute/studies/study.h"

#include "compute/records/config_fields.h"
#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

std::map<std::string, Study, std::less<>>& studies() {
  static std::map<std::string, Study, std::less<>> all = {{"agent", agent_study},
                                                          {"norm-function", norm_function},
                                                          {"proof-inputs", proof_inputs},
                                                          {"single-layer", single_layer},
                                                          {"layer-time", layer_time}};
  return all;
}

}  // namespace

void offer_study(const std::string& name, Study study) { studies()[name] = std::move(study); }

SideBySide find_side_by_side(const std::string& name) {
  if (name == "norm-function") return {norm_functions, 4};
  return name == "single-layer" ? SideBySide{single_layers, 2} : SideBySide();
}

bool same_course(const RunConfig& a, const RunConfig& b) {
  const std::vector<FieldText> of_a = list_fields(a), of_b = list_fields(b);
  for (size_t i = 0; i < of_a.size(); ++i) {
    const std::string_view key = of_a[i].field.key;
    if ((key.starts_with("data.") || key.starts_with("train.")) && of_a[i].value != of_b[i].value) return false;
  }
  return true;
}

Study find_study(const std::string& name) {
  const auto found = studies().find(name);
  if (found != studies().end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, study] : studies()) names.push_back(known);
  throw ConfigError("there is no study '" + name + "'; did you mean '" + std::string(nearest_name(name, names)) + "'?");
}

double number_of(const Numbers& numbers, const std::string& key, double fallback) {
  const auto found = numbers.find(key);
  return found == numbers.end() || found->second.empty() ? fallback : found->second.front();
}

}  // namespace moescope
