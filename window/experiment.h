// Runs that the window is asked to begin: a sweep over settings, twins in lock step, or what a recipe lacks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

/// As a person writes it; what is wrong with it is told by the plan.
struct ExperimentAsk {
  enum class Kind { sweep, twins, recipe };
  Kind kind = Kind::sweep;
  std::vector<std::string> presets;  // sweep: the one to vary; twins: two or more
  std::string settings;              // of all runs, "data.train_limit=2000 train.batch_size=64"
  std::vector<std::string> axes;     // sweep: "router.k=1,2"
  std::string stop = "epochs=1", name;
  std::string budget;  // recipe: quick or full; the rest but the name means nothing for it
  int64_t seeds = 0;   // recipe; 0: the budget's
  bool operator==(const ExperimentAsk&) const = default;
};

/// What it will do, before it does it.
struct ExperimentPlan {
  ExperimentAsk ask;
  std::string refusal;                         // one sentence when it cannot be; the rest is empty then
  std::vector<std::string> runs;               // "router.k=1 train.seed=0", or the twins' names
  size_t num_done = 0;                         // of them in the store already
  std::string cost;                            // one sentence
  std::vector<std::string> presets, settings;  // there are: names, and keys that an axis can have; always filled
};

}  // namespace moescope
