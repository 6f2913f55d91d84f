// Steps by the stop rule, work by the model's cost, time by what a stored run took for its work.
#include "app/doors/experiment_cost.h"

#include <algorithm>
#include <cmath>

#include "app/options/config_file.h"
#include "app/options/config_options.h"
#include "app/recipes/recipes.h"
#include "app/runs/twins.h"
#include "app/terminal/text_table.h"
#include "compute/data/dataset.h"
#include "compute/models/cost.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"
#include "compute/train/stop_rule.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

/// Of the newest run that trained a transformer for a while: how many training FLOP it did a second, evaluations
/// included.
double stored_speed(const std::filesystem::path& path, int64_t& run_id) {
  if (!std::filesystem::exists(path)) return 0;
  const SessionStore store(path, SessionStore::Access::read);
  const RunReader reader(store);
  RunQuery newest;
  newest.limit = 20;
  for (const RunSummary& run : reader.list_runs(newest)) {
    if (run.step < 5 || run.wall_secs <= 0 || run.gflops_per_image <= 0) continue;
    const Environment facts = read_environment(reader.database(), run.run_id);
    if (std::any_of(facts.begin(), facts.end(), [](const auto& fact) { return fact.first == "study"; })) continue;
    const double images =
        static_cast<double>(run.step) * static_cast<double>(reader.load_run(run.run_id).config.train.batch_size);
    run_id = run.run_id;
    return 3e9 * run.gflops_per_image * images / run.wall_secs;
  }
  return 0;
}

std::string data_of(const RunConfig& config) {
  std::string text;
  for (const FieldText& field : list_fields(config))
    if (field.field.key.starts_with("data.")) text += field.value + "\n";
  return text;
}

int64_t steps_of(const RunConfig& config, const std::string& stop, int64_t num_train) {
  StopRule rule = parse_stop_rule(stop);
  if (rule.empty()) rule.epochs = config.train.epochs;
  return last_step(rule, std::max<int64_t>(1, num_train / std::max<int64_t>(1, config.train.batch_size)));
}

}  // namespace

ExperimentCost planned_cost(const std::filesystem::path& store, const std::vector<RunConfig>& left, size_t num_runs,
                            const std::string& stop) {
  ExperimentCost cost{.num_runs = num_runs, .num_done = num_runs - left.size()};
  const StopRule rule = parse_stop_rule(stop);
  if (rule.seconds) cost.bound_secs = *rule.seconds * static_cast<double>(left.size());
  std::string opened;
  DatasetInfo info;
  for (const RunConfig& config : left) {
    if (const std::string data = data_of(config); data != opened)
      info = open_dataset(config.data)->info(), opened = data;
    const VisionTransformer model(config, {info.height, info.width, info.channels, info.num_classes()});
    const int64_t steps = steps_of(config, stop, info.num_train);
    cost.steps += steps;
    cost.tflop += 1e-12 * model_cost(model).train_flops * static_cast<double>(steps) *
                  static_cast<double>(config.train.batch_size);
  }
  if (const double speed = stored_speed(store, cost.speed_run); speed > 0 && cost.steps > 0)
    cost.secs = 1e12 * cost.tflop / speed;
  return cost;
}

ExperimentCost planned_cost(const std::filesystem::path& store, const std::string& stop, const std::string& sweep,
                            const std::vector<SweepCell>& cells) {
  std::vector<RunConfig> left;
  for (const SweepCell& cell : cells)
    if (find_cell(store, sweep, cell).progress != CellState::Progress::done) left.push_back(cell.config);
  return planned_cost(store, left, cells.size(), stop);
}

std::string cost_sentence(const ExperimentCost& cost) {
  std::string text = std::to_string(cost.num_runs) + (cost.num_runs == 1 ? " run" : " runs");
  if (cost.num_done == cost.num_runs) return text + ", all of them done";
  if (cost.num_done > 0) text += ", " + std::to_string(cost.num_done) + " of them done";
  if (cost.steps > 0) {
    text += "; " + std::to_string(cost.steps) + " steps, " + with_unit(1e12 * cost.tflop) + "FLOP";
    if (cost.secs >= 0)
      text += ", about " + duration(cost.secs) + " at the speed of run " + std::to_string(cost.speed_run);
  }
  if (cost.bound_secs >= 0) text += "; at most " + duration(cost.bound_secs) + " of training by its stop rule";
  return text;
}

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
    ExperimentCost cost;
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
