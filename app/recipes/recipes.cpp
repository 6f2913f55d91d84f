// From files and stored metrics to recipes with data.
#include "app/recipes/recipes.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>
#include <tuple>

#include "app/models/paper_models.h"
#include "app/options/config_file.h"
#include "app/options/config_options.h"
#include "assets/assets.h"
#include "compute/records/nearest_name.h"
#include "findings/measures.h"
#include "sessions/metric_writer.h"

namespace moescope {

namespace {

constexpr std::string_view kPrefix = "finding/", kMeasured = "finding/measured";

/// R2 before R10, R3 before R3b, all of these before the others.
bool id_less(const Recipe& a, const Recipe& b) {
  const auto key = [](const std::string& id) {
    size_t end = 1;
    while (end < id.size() && std::isdigit(static_cast<unsigned char>(id[end]))) ++end;
    return std::tuple(id[0] != 'R', id[0], end > 1 ? std::stoi(id.substr(1, end - 1)) : 0, id.substr(end));
  };
  return key(a.id) < key(b.id);
}

/// Of the papers' tables only the program knows.
void offer_own_studies() {
  static const bool once = (offer_study("cost-model", count_paper_models), true);
  static_cast<void>(once);
}

void apply_all(RunConfig& config, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) apply_setting(config, setting);
}

}  // namespace

std::vector<Recipe> load_recipes() {
  offer_own_studies();
  std::vector<Recipe> recipes;
  for (const auto& entry : std::filesystem::directory_iterator(asset_path("recipes")))
    if (entry.path().extension() == ".json") recipes.push_back(load_recipe(entry.path()));
  std::sort(recipes.begin(), recipes.end(), id_less);
  return recipes;
}

Recipe find_recipe(const std::string& asked) {
  offer_own_studies();
  if (asked.ends_with(".json")) return load_recipe(asked);
  const std::vector<Recipe> recipes = load_recipes();
  std::vector<std::string_view> names;
  for (const Recipe& recipe : recipes) {
    if (recipe.name == asked || recipe.id == asked) return recipe;
    names.push_back(recipe.name);
  }
  throw ConfigError("there is no recipe '" + asked + "'; did you mean '" + std::string(nearest_name(asked, names)) +
                    "'? `moescope recipe list` lists them");
}

Recipe with_arms(Recipe recipe, const std::vector<std::string>& names) {
  if (names.empty()) return recipe;
  std::vector<std::string_view> known;
  for (const RecipeArm& arm : recipe.arms) known.push_back(arm.name);
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw ConfigError("recipe " + recipe.name + " has no arm '" + name + "'; did you mean '" +
                        std::string(nearest_name(name, known)) + "'?");
  std::erase_if(recipe.arms,
                [&](const RecipeArm& arm) { return std::find(names.begin(), names.end(), arm.name) == names.end(); });
  return recipe;
}

std::vector<RecipeCell> recipe_cells(const Recipe& recipe, const RecipeBudget& budget, int64_t seeds) {
  std::vector<RecipeCell> cells;
  RunConfig base = load_preset(recipe.preset);
  apply_all(base, recipe.settings);
  apply_all(base, budget.settings);
  for (int64_t seed = 0; seed < seeds; ++seed) {
    for (const RecipeArm& arm : recipe.arms) {
      RecipeCell cell{arm, seed, {arm.settings, arm.name + " seed " + std::to_string(seed), base}, recipe.measures};
      apply_all(cell.cell.config, arm.settings);
      cell.cell.config.train.seed = seed;
      cell.cell.config.name = recipe.runs_of + " " + arm.name;
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

std::string recipe_tag(const Recipe& recipe) { return "recipe/" + recipe.runs_of; }

std::string recipe_session(const Recipe& recipe, const RecipeBudget& budget) {
  return "recipe " + recipe.runs_of + " " + budget.name;
}

std::string numbers_text(const Numbers& numbers) {
  std::ostringstream text;
  text.precision(17);
  for (const auto& [key, values] : numbers) {
    text << (text.tellp() > 0 ? " " : "") << key << "=";
    for (size_t i = 0; i < values.size(); ++i) text << (i > 0 ? "," : "") << values[i];
  }
  return text.str();
}

namespace {

bool has_numbers(const RunReader& reader, int64_t run_id, const Numbers& numbers) {
  Statement select(reader.database(),
                   "SELECT key, value FROM environment WHERE run_id = ? AND key IN ('numbers', 'study')");
  select.bind_all(run_id);
  std::map<std::string, std::string> facts;
  while (select.step()) facts[select.text(0)] = select.text(1);
  if (!facts.contains("numbers")) return facts["study"] != "agent";
  return facts["numbers"] == numbers_text(numbers);
}

}  // namespace

std::optional<Values> stored_values(const RunReader& reader, int64_t run_id) {
  Statement select(reader.database(),
                   "SELECT k.key, m.value FROM metric_keys_data k JOIN metrics_data m USING (key_id) "
                   "WHERE m.run_id = ? AND k.key >= 'finding/' AND k.key < 'finding0'");
  select.bind_all(run_id);
  Values values;
  bool whole = false;
  while (select.step()) {
    const std::string key = select.text(0);
    if (key == kMeasured) whole = true;
    if (key != kMeasured) values[key.substr(kPrefix.size())] = select.real(1);
  }
  return whole ? std::optional(std::move(values)) : std::nullopt;
}

MeasuredCell find_measured(const RunReader& reader, const std::string& session, const RecipeCell& cell) {
  const CellState state = find_cell(reader, session, cell.cell);
  if (state.progress != CellState::Progress::done || !has_numbers(reader, state.run_id, cell.arm.numbers)) return {};
  std::optional<Values> values = stored_values(reader, state.run_id);
  // A measure that the recipe has gained since is taken on the runs that are there.
  const auto taken = [&](const std::string& measure) { return was_measured(measure, *values); };
  if (!values || !std::all_of(cell.measures.begin(), cell.measures.end(), taken)) return {};
  return {state.run_id, std::move(*values)};
}

std::vector<Metric> as_metrics(const Values& values, int64_t step, double wall_secs) {
  std::vector<Metric> metrics;
  for (const auto& [name, value] : values) metrics.push_back({std::string(kPrefix) + name, step, wall_secs, value});
  metrics.push_back({std::string(kMeasured), step, wall_secs, 1});
  return metrics;
}

void store_values(const SessionStore& store, int64_t run_id, int64_t step, double wall_secs, const Values& values) {
  Transaction transaction(store.database());
  MetricWriter writer(store.database());
  writer.write(run_id, as_metrics(values, step, wall_secs));
  writer.flush();
  transaction.commit();
}

}  // namespace moescope
