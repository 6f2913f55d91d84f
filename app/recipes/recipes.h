// Recipes and the store: which runs a recipe needs, which are there, and what they measured.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/runs/sweep.h"
#include "findings/analysis.h"
#include "findings/recipe.h"

namespace moescope {

/// Those of assets/recipes, by id.
std::vector<Recipe> load_recipes();
/// One of them by its name or id, or a file that ends in .json. Throws ConfigError naming the nearest.
Recipe find_recipe(const std::string& asked);

/// The recipe with these of its arms alone; with all when none is named. Throws ConfigError naming the nearest.
Recipe with_arms(Recipe recipe, const std::vector<std::string>& names);

/// One arm with one seed: a run.
struct RecipeCell {
  RecipeArm arm;
  int64_t seed = 0;
  SweepCell cell;
  std::vector<std::string> measures;  // the recipe's
};

/// All arms, seed by seed, so that a stopped recipe has whole sets of arms. Throws ConfigError for a setting that
/// cannot be.
std::vector<RecipeCell> recipe_cells(const Recipe& recipe, const RecipeBudget& budget, int64_t seeds);

/// The tag of its runs, those of another recipe that it judges included: "recipe/algorithm-1".
std::string recipe_tag(const Recipe& recipe);
/// The fact "sweep" of its runs: "recipe norm-function quick".
std::string recipe_session(const Recipe& recipe, const RecipeBudget& budget);

/// What was measured on a run; nothing: nothing yet.
std::optional<Values> stored_values(const RunReader& reader, int64_t run_id);

/// A cell's run, and what was measured on it; run_id 0: not there, or not by all of the recipe's measures.
struct MeasuredCell {
  int64_t run_id = 0;
  Values values;
};
/// A study's run with other numbers than the arm's is not of this cell; of runs from before the numbers were kept only
/// those of agents are doubted, whose number is the game.
MeasuredCell find_measured(const RunReader& reader, const std::string& session, const RecipeCell& cell);

/// An arm's numbers as the fact "numbers" of its runs: "game=4 tokens=1".
std::string numbers_text(const Numbers& numbers);

/// Stores what was measured with the run, all or nothing, as metrics "finding/NAME" at its last step.
void store_values(const SessionStore& store, int64_t run_id, int64_t step, double wall_secs, const Values& values);
/// The metrics of `values`.
std::vector<Metric> as_metrics(const Values& values, int64_t step, double wall_secs);

}  // namespace moescope
