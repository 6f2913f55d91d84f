// Runs what a recipe still lacks: trainings one after the other, studies side by side, each stored as a run.
#pragma once

#include <filesystem>
#include <string>

#include "app/recipes/recipes.h"

namespace moescope {

struct RecipeProgress {
  size_t num_cells = 0, num_done = 0;
  bool asked_to_stop = false;  // by Ctrl+C; what was begun goes on with the next call
};

/// For whom a recipe works.
struct RecipeCaller {
  bool beside = false;      // a program that writes to the store started this one
  bool tell_often = false;  // progress as lines for that program: "cell 3 of 24: ...", and a training's own
};

/// What is in the store already is not done again. Progress with an estimate of the time left goes to stderr. Throws
/// UserError when a run fails or cannot be stored.
RecipeProgress run_recipe(const Recipe& recipe, const RecipeBudget& budget, int64_t seeds, const std::string& store,
                          RecipeCaller caller = {});

}  // namespace moescope
