// Steps by the stop rule, work by the model's cost, time by what a stored run took for its work.
#include "app/runs/planned_cost.h"

#include <algorithm>
#include <cmath>

#include "app/terminal/text_table.h"
#include "compute/data/dataset.h"
#include "compute/models/cost.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"
#include "compute/records/stop_rule.h"
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

PlannedCost planned_cost(const std::filesystem::path& store, const std::vector<RunConfig>& left, size_t num_runs,
                         const std::string& stop) {
  PlannedCost cost{.num_runs = num_runs, .num_done = num_runs - left.size()};
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

PlannedCost planned_cost(const std::filesystem::path& store, const std::string& stop, const std::string& sweep,
                         const std::vector<SweepCell>& cells) {
  std::vector<RunConfig> left;
  for (const SweepCell& cell : cells)
    if (find_cell(store, sweep, cell).progress != CellState::Progress::done) left.push_back(cell.config);
  return planned_cost(store, left, cells.size(), stop);
}

std::string cost_sentence(const PlannedCost& cost) {
  std::string text = counted(static_cast<int64_t>(cost.num_runs), "run");
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

}  // namespace moescope
