// A recipe: a claim of a paper as something to run. A declarative file says which arms are trained with which seeds,
// what is measured on them, which analysis judges it, and what the paper prints (assets/recipes/NAME.json).
//
//   {"id": "R1", "title": "...", "claim": "...", "source": "arXiv:...", "criterion": "...",
//    "study": "norm-function"            a study of compute/studies; or
//    "preset": "vmoe-s", "measures": []  a model to train, and what to measure on it (measures.h),
//    "analysis": "norm-function", "settings": ["key=value"], "numbers": {"a": [5, 10]},
//    "arms": [{"name": "n=1", "settings": [], "numbers": {}}],
//    "budgets": {"quick": {"seeds": 3, "settings": [], "stop": "epochs=1", "unsettled": "why it cannot judge"},
//                "full": {...}},
//    "reference": [{"arm": "n=1", "value": "loss", "paper": 27.5, "source": "figure 4"}]}
//
// "runs_of": "algorithm-1" judges the runs of the recipe beside it another way: study, preset, measures, settings,
// arms and budgets are that recipe's, and what one of the two has run is there for both.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compute/studies/study.h"

namespace moescope {

struct RecipeArm {
  std::string name;
  std::vector<std::string> settings;  // laid over the recipe's and the budget's
  Numbers numbers;                    // the recipe's, with the arm's own in their place
};

struct RecipeBudget {
  std::string name;  // quick, full
  int64_t seeds = 3;
  std::vector<std::string> settings;
  std::string stop;       // of a training: stop_rule.h; empty: the configuration's epochs
  std::string unsettled;  // why it is too small to judge; empty: it judges
};

struct RecipeReference {
  std::string arm, value;
  double paper = 0;
  std::string source;
};

struct Recipe {
  std::string name, id, title, claim, source, criterion, study, preset, analysis;
  std::string runs_of;  // the recipe whose runs these are: its own name, or another's
  std::vector<std::string> measures, settings;
  std::vector<RecipeArm> arms;
  std::vector<RecipeBudget> budgets;
  std::vector<RecipeReference> reference;

  bool trains() const { return study.empty(); }
  /// Throws ConfigError naming what there is.
  const RecipeBudget& budget(const std::string& name) const;
};

/// Throws ConfigError naming file and fault: damaged JSON, a key that is missing, unknown or of another type, a study,
/// analysis or measure that there is not, an arm twice, a reference to no arm.
Recipe load_recipe(const std::filesystem::path& file);

}  // namespace moescope
