// Reads a recipe's file; everything that can be wrong in it is told before anything is trained.
#include "findings/recipe.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compute/records/error.h"
#include "findings/analysis.h"
#include "findings/measures.h"

namespace moescope {

namespace {

using Json = nlohmann::json;

/// Every key must be known: a misspelt one would silently mean its default.
void refuse_other_keys(const Json& json, const std::vector<std::string>& known) {
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw ConfigError("the key \"" + key + "\" means nothing there");
  }
}

template <class T>
T optional(const Json& json, const char* key, T fallback = {}) {
  return json.contains(key) ? json.at(key).get<T>() : fallback;
}

RecipeArm read_arm(const Json& json, const Numbers& numbers) {
  refuse_other_keys(json, {"name", "settings", "numbers"});
  RecipeArm arm{json.at("name"), optional<std::vector<std::string>>(json, "settings"), numbers};
  for (const auto& [key, values] : optional<Numbers>(json, "numbers")) arm.numbers[key] = values;
  return arm;
}

RecipeBudget read_budget(const std::string& name, const Json& json) {
  refuse_other_keys(json, {"seeds", "settings", "stop", "unsettled"});
  return {name, optional<int64_t>(json, "seeds", 3), optional<std::vector<std::string>>(json, "settings"),
          optional<std::string>(json, "stop"), optional<std::string>(json, "unsettled")};
}

Recipe load(const std::filesystem::path& file, bool runs_of_another);

/// runs_of_another: this one's runs are asked for by another recipe.
Recipe read_recipe(const std::filesystem::path& file, const Json& json, bool runs_of_another) {
  refuse_other_keys(json, {"id", "title", "claim", "source", "criterion", "study", "preset", "analysis", "measures",
                           "settings", "numbers", "arms", "budgets", "reference", "runs_of"});
  Recipe r;
  if (json.contains("runs_of")) {
    for (const char* key : {"study", "preset", "measures", "settings", "numbers", "arms", "budgets"})
      if (json.contains(key)) throw ConfigError(std::string("with runs_of, \"") + key + "\" is the other recipe's");
    if (runs_of_another) throw ConfigError("it judges runs of another recipe itself; name that one in runs_of");
    r = load(file.parent_path() / (json.at("runs_of").get<std::string>() + ".json"), true);
    r.reference.clear();
  }
  r.name = file.stem().string();
  if (r.runs_of.empty()) r.runs_of = r.name;
  r.id = json.at("id"), r.title = json.at("title"), r.claim = json.at("claim"), r.source = json.at("source");
  r.criterion = json.at("criterion"), r.analysis = json.at("analysis");
  if (!json.contains("runs_of")) {
    r.study = optional<std::string>(json, "study"), r.preset = optional<std::string>(json, "preset", "default");
    r.measures = optional<std::vector<std::string>>(json, "measures");
    r.settings = optional<std::vector<std::string>>(json, "settings");
    const auto numbers = optional<Numbers>(json, "numbers");
    for (const Json& arm : json.at("arms")) r.arms.push_back(read_arm(arm, numbers));
    for (const auto& [budget, rest] : json.at("budgets").items()) r.budgets.push_back(read_budget(budget, rest));
  }
  for (const Json& row : optional<Json>(json, "reference", Json::array())) {
    refuse_other_keys(row, {"arm", "value", "paper", "source"});
    r.reference.push_back({row.at("arm"), row.at("value"), row.at("paper"), row.at("source")});
  }
  return r;
}

void check(const Recipe& r) {
  require_analysis(r.analysis);
  if (!r.study.empty()) find_study(r.study);
  for (const std::string& measure : r.measures) find_measure(measure);
  if (r.arms.empty()) throw ConfigError("it has no arms");
  const auto num_named = [&](const std::string& name) {
    return std::count_if(r.arms.begin(), r.arms.end(), [&](const RecipeArm& arm) { return arm.name == name; });
  };
  for (const RecipeArm& arm : r.arms)
    if (num_named(arm.name) > 1) throw ConfigError("it has the arm \"" + arm.name + "\" twice");
  for (const RecipeReference& row : r.reference)
    if (num_named(row.arm) == 0) throw ConfigError("its reference names \"" + row.arm + "\", which is no arm");
  r.budget("quick"), r.budget("full");
}

Recipe load(const std::filesystem::path& file, bool runs_of_another) {
  std::ifstream stream(file);
  if (!stream) throw ConfigError(file.string() + " is not there; give an existing recipe file");
  try {
    const Recipe recipe = read_recipe(file, Json::parse(stream), runs_of_another);
    check(recipe);
    return recipe;
  } catch (const Json::exception& error) {
    throw ConfigError(file.string() + " is no recipe: " + error.what() + "; see findings/recipe.h for the format");
  } catch (const ConfigError& error) { throw ConfigError(file.string() + ": " + error.what()); }
}

}  // namespace

const RecipeBudget& Recipe::budget(const std::string& wanted) const {
  std::string names;
  for (const RecipeBudget& one : budgets) {
    if (one.name == wanted) return one;
    names += (names.empty() ? "" : ", ") + one.name;
  }
  throw ConfigError("recipe " + name + " has no budget '" + wanted + "'; there are " + names);
}

Recipe load_recipe(const std::filesystem::path& file) { return load(file, false); }

}  // namespace moescope
