// A recipe's report from the store alone: verdict, criterion, figure, numbers beside the paper's.
#pragma once

#include <filesystem>
#include <optional>

#include "app/recipes/recipes.h"
#include "app/runs/report_page.h"

namespace moescope {

struct RecipeReport {
  Recipe recipe;
  std::string budget;
  size_t num_cells = 0, num_measured = 0;
  Verdict verdict = Verdict::not_settled;
  std::string why = {};               // of a verdict that no check gives; empty: the checks say it
  std::vector<std::string> programs;  // that made the runs, each once
  Finding finding;                    // the tables begin with the one beside the paper's numbers
  TextTable values;                   // arm, seed, run, value, number: the CSV
  std::vector<ReportSection> sections;
};

/// How far a recipe has come in a store.
struct RecipeState {
  std::optional<RecipeReport> report;  // none: no run of it
  std::string refusal;                 // why its runs cannot be read; empty: they can
  /// "3 of 12 (quick)": the budget that is reported; "-" without one.
  std::string progress() const;
};
/// As report_recipe, but nothing is thrown.
RecipeState recipe_state(const RunReader& reader, const Recipe& recipe, const std::string& budget, int64_t seeds,
                         const std::string& picture);

/// `budget` empty: full when the store has a run of it, else quick. `seeds` 0: the budget's. `picture`: where the
/// figure will lie, seen from the report. Throws UserError when the store has no run of the recipe.
RecipeReport report_recipe(const RunReader& reader, const Recipe& recipe, const std::string& budget, int64_t seeds,
                           const std::string& picture);

/// NAME.md (with `alone`), NAME.svg and NAME.csv in the folder, which is made. Returns their paths.
std::vector<std::filesystem::path> write_recipe_report(const RecipeReport& report, const std::filesystem::path& folder,
                                                       bool alone);

}  // namespace moescope
