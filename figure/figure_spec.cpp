// Specs as JSON.
#include "figure/figure_spec.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

using json = nlohmann::ordered_json;

/// Calls visit(name, member) for each field.
template <class Spec, class Visit>
void visit_spec(Spec& s, Visit&& visit) {
  visit("kind", s.kind);
  visit("runs", s.runs);
  visit("labels", s.labels);
  visit("key", s.key);
  visit("x", s.x);
  visit("log_x", s.log_x);
  visit("log_y", s.log_y);
  visit("first_step", s.first_step);
  visit("last_step", s.last_step);
  visit("layer", s.layer);
  visit("title", s.title);
  visit("caption", s.caption);
  visit("width", s.width);
  visit("height", s.height);
}

}  // namespace

std::string to_json(const FigureSpec& spec) {
  json fields = {{"version", 1}};
  visit_spec(spec, [&](const char* name, const auto& member) { fields[name] = member; });
  return fields.dump(-1, ' ', false, json::error_handler_t::replace);
}

FigureSpec figure_spec_from_json(const std::string& text) {
  FigureSpec spec;
  try {
    json fields = json::parse(text);
    if (fields.value("version", 0) != 1)
      throw ConfigError("the figure's spec is of a version that this program does not know; update moescope");
    // Specs that were kept before a field was there have its default.
    for (const char* later : {"first_step", "last_step"})
      if (!fields.contains(later)) fields[later] = json::parse(to_json(FigureSpec{})).at(later);
    visit_spec(spec, [&](const char* name, auto& member) { fields.at(name).get_to(member); });
  } catch (const json::exception& error) {
    throw ConfigError(std::string("the figure's spec is damaged: ") + error.what());
  }
  require_figure_kind(spec.kind);
  if (spec.labels.size() != spec.runs.size())
    throw ConfigError("the figure's spec is damaged: it has not one label a run");
  return spec;
}

std::vector<std::string> figure_keys(const FigureSpec& spec) {
  std::istringstream words(spec.key);
  std::vector<std::string> keys;
  for (std::string key; words >> key;) keys.push_back(key);
  if (keys.empty()) keys.push_back(spec.key);
  return keys;
}

const std::vector<std::pair<std::string, std::string>>& figure_kinds() {
  static const std::vector<std::pair<std::string, std::string>> kinds = {
      {"curves", "a metric over training; seeds of one setting as mean and 95 % interval"},
      {"pareto", "test accuracy against GFLOPs/image, ms/image or parameters; beaten runs dimmed"},
      {"bars", "test accuracy of each setting, with its interval over seeds"},
      {"parallel", "parallel coordinates: a line a run through the settings that differ to its accuracy"},
      {"load", "expert load over training, as a heat map"},
      {"ridge", "how evenly experts were used: histograms of their load over training"},
      {"routing", "stored images with the expert of each patch"},
  };
  return kinds;
}

void require_figure_kind(const std::string& kind) {
  std::vector<std::string_view> names;
  for (const auto& [name, about] : figure_kinds()) {
    if (name == kind) return;
    names.push_back(name);
  }
  throw ConfigError("there is no kind of figure '" + kind + "'; did you mean '" +
                    std::string(nearest_name(kind, names)) + "'? `moescope figure kinds` lists them");
}

}  // namespace moescope
