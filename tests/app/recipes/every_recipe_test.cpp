// Each recipe of the program from its first run to its report, at an absurdly small budget: what breaks an analysis or
// a measure is found here rather than after an hour of training.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/recipes/recipe_report.h"
#include "app/recipes/recipe_runner.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

/// The smallest that runs every arm: two steps of 16 images, or what a study calls steps.
RecipeBudget tiny(const Recipe& recipe) {
  RecipeBudget budget = recipe.budget("quick");
  const auto set = [&](std::initializer_list<const char*> settings) {
    budget.settings.insert(budget.settings.end(), settings.begin(), settings.end());
  };
  budget.seeds = 1, budget.unsettled.clear();
  set({"data.train_limit=130", "data.test_limit=32", "compute.threads=1"});
  if (recipe.trains()) {
    budget.stop = "steps=2";
    set({"train.batch_size=16", "train.micro_batch=16", "train.warmup_steps=1", "train.schedule_steps=2"});
  } else if (recipe.study == "agent") {
    set({"train.schedule_steps=2100"});  // a hundred after those before the first update
  } else {
    set({"train.schedule_steps=20", "train.batch_size=65", "train.epochs=1"});
  }
  return budget;
}

/// From the stored runs alone.
void expect_report(const std::string& store, Recipe recipe, const RecipeBudget& budget, const std::string& folder) {
  SCOPED_TRACE(recipe.name);
  recipe.budgets = {budget};
  const SessionStore opened(store, SessionStore::Access::read);
  const RecipeReport report = report_recipe(RunReader(opened), recipe, budget.name, 1, "x.svg");
  EXPECT_EQ(report.num_measured, report.num_cells);
  EXPECT_FALSE(report.finding.checks.empty());
  for (const Check& check : report.finding.checks) EXPECT_NE(check.found, "not measured") << check.text;
  EXPECT_FALSE(report.finding.scene.panels.empty());
  EXPECT_FALSE(report.finding.tables.empty());
  for (const std::filesystem::path& file : write_recipe_report(report, folder, true))
    EXPECT_GT(std::filesystem::file_size(file), 0u) << file;
}

class EveryRecipe : public testing::TestWithParam<std::string> {};

TEST_P(EveryRecipe, RunsToItsReport) {
  const TempFolder temp;
  const std::string store = temp / "runs.db";
  Recipe recipe = find_recipe(GetParam());
  for (RecipeArm& arm : recipe.arms) {
    if (recipe.study == "layer-time") arm.numbers["images"] = {1}, arm.numbers["repeats"] = {1};
    if (recipe.study == "agent") arm.numbers["min_replay"] = {2000};
    std::erase_if(arm.settings, [](const std::string& s) { return s.starts_with("train.warmup_steps="); });
  }
  const RecipeBudget budget = tiny(recipe);
  testing::internal::CaptureStderr();
  const RecipeProgress done = run_recipe(recipe, budget, 1, store);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(done.num_done, recipe.arms.size());
  expect_report(store, recipe, budget, temp / "out");
  for (const Recipe& other : load_recipes())
    if (other.name != recipe.name && other.runs_of == recipe.name) expect_report(store, other, budget, temp / "out");
}

/// Of those that have runs of their own.
std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const Recipe& recipe : load_recipes())
    if (recipe.runs_of == recipe.name) list.push_back(recipe.name);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Program, EveryRecipe, testing::ValuesIn(names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace moescope
