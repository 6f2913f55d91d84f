// Words from a form to words of a command, and what `sweep --dry-run` says of them.
#include "app/doors/experiment_plan.h"

#include "app/options/config_file.h"
#include "app/options/config_options.h"
#include "app/recipes/recipes.h"
#include "app/runs/planned_cost.h"
#include "app/runs/run_request.h"
#include "app/runs/sweep.h"
#include "app/runs/twins.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"

namespace moescope {

std::vector<std::string> experiment_arguments(const ExperimentAsk& ask) {
  if (ask.kind == ExperimentAsk::Kind::recipe) {
    std::vector<std::string> words{"recipe", "run", ask.name, "--budget", ask.budget};
    if (ask.seeds > 0) words.insert(words.end(), {"--seeds", std::to_string(ask.seeds)});
    return words;
  }
  const bool sweep = ask.kind == ExperimentAsk::Kind::sweep;
  std::vector<std::string> words{sweep ? "sweep" : "twins"};
  for (const std::string& preset : ask.presets) {
    if (sweep) words.emplace_back("--preset");
    words.push_back(preset);
  }
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {flag, value});
  };
  for (const std::string& setting : words_of(ask.settings)) add("--set", setting);
  for (const std::string& axis : ask.axes) add("--over", axis);
  add("--stop", ask.stop);
  add("--name", ask.name);
  return words;
}

std::string experiment_tag(const ExperimentAsk& ask) {
  return ask.kind == ExperimentAsk::Kind::recipe ? recipe_tag(find_recipe(ask.name)) : ask.name;
}

ExperimentPlan plan_experiment(const std::filesystem::path& store, const ExperimentAsk& ask) {
  ExperimentPlan plan;
  plan.ask = ask;
  for (const FieldText& field : list_fields(RunConfig{})) plan.settings.emplace_back(field.field.key);
  try {
    for (const Preset& preset : list_presets()) plan.presets.push_back(preset.name);
    if (ask.name.empty()) throw ConfigError("it has no name; write one word, which its runs carry as a tag");
    if (ask.presets.empty()) throw ConfigError("choose a preset");
    std::vector<RunConfig> configs;
    for (const std::string& preset : ask.presets) {
      configs.push_back(chosen_config({.preset = preset, .file = "", .settings = words_of(ask.settings)}));
      lengthen_schedule(configs.back().train, ask.stop);
    }
    PlannedCost cost;
    if (ask.kind == ExperimentAsk::Kind::sweep) {
      if (ask.axes.empty()) throw ConfigError("write a setting with its values, such as router.k=1,2, or some seeds");
      const std::vector<SweepCell> cells = sweep_cells(configs.front(), ask.axes, {});
      for (const SweepCell& cell : cells) plan.runs.push_back(cell.name);
      cost = planned_cost(store, ask.stop, ask.name, cells);
    } else {
      configs = twin_configs(std::move(configs));
      for (const RunConfig& config : configs) plan.runs.push_back(config.name);
      cost = planned_cost(store, configs, configs.size(), ask.stop);
    }
    plan.num_done = cost.num_done;
    plan.cost = cost_sentence(cost);
  } catch (const std::exception& error) {
    plan.refusal = error.what();
    plan.runs.clear();
  }
  return plan;
}

}  // namespace moescope
