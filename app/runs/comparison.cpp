// From rows to comparisons.
#include "app/runs/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/options/run_lookup.h"
#include "compute/records/config_fields.h"
#include "sessions/routing_blobs.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kCurvePoints = 400;

/// What makes two runs seeds of one experiment.
std::string experiment(const ComparedRun& run) {
  std::string text;
  for (const auto& [key, value] : run.further)
    if (key != "rl.seed" && key != "rl.threads" && key != "rl.checkpoint_secs") text += key + "=" + value + "\n";
  const RunConfig& config = run.run.config;
  for (const FieldText& field : list_fields(config)) {
    const std::string_view key = field.field.key;
    if (key == "train.seed" || (says_where(key) && key != "compute.precision")) continue;
    text += std::string(key) + "=" + field.value + "\n";
  }
  return text;
}

RunSeries curve_of(const RunReader& reader, const ComparedRun& run, const std::string& key, StepRange range) {
  RunSeries curve;
  const MetricEnvelope series =
      reader.load_envelope(run.run.summary.run_id, key, kCurvePoints, range.first, std::min(range.last, run.step));
  for (const EnvelopePoint& point : series.points) {
    curve.x.push_back(0.5 * static_cast<double>(point.first_step + point.last_step));
    curve.y.push_back(point.num_nan + point.num_inf > 0 ? kNan : point.mean);
  }
  return curve;
}

/// The newest map of each layer and image at or before a step.
std::map<std::pair<int64_t, std::string>, int64_t> latest_maps(const RunReader& reader, const ComparedRun& run) {
  std::map<std::pair<int64_t, std::string>, int64_t> latest;
  for (const RoutingInfo& info : list_routing(reader.database(), run.run.summary.run_id)) {
    if (info.step <= run.step) latest[{info.layer, info.image}] = info.map_id;  // the list is by step
  }
  return latest;
}

/// What the last evaluation counted, so that it goes with that evaluation's accuracy: a knob may have changed it since
/// the run began. Runs that were stored without that metric cost what they did at their beginning.
double gflops_at(const RunReader& reader, const ComparedRun& run) {
  const MetricSeries counted = reader.load_metrics(run.run.summary.run_id, "eval/test/gflops_per_image", 0, run.step);
  return counted.values.empty() ? run.run.summary.gflops_per_image : counted.values.back();
}

/// What the run had reached at its step, where that is not its last.
void go_back(const RunReader& reader, ComparedRun& found) {
  RunSummary& s = found.run.summary;
  s.state = RunState::running, s.interrupted = false, s.message.clear();
  s.step = found.step;
  const auto at_step = [&](const char* key) { return reader.load_metrics(s.run_id, key, found.step, found.step); };
  const auto last = [](const std::vector<double>& values) {
    return values.empty() ? std::nullopt : std::optional(values.back());
  };
  const MetricSeries loss = at_step("train/loss");
  s.loss = last(loss.values);
  s.wall_secs = last(loss.wall_secs).value_or(0);
  s.accuracy = last(at_step("train/accuracy").values);
  s.test_step = -1, s.test_accuracy = s.test_loss = std::nullopt;
  for (const Evaluated& one : found.run.evaluations) {
    if (one.split != "test" || !one.setting.empty() || one.step > found.step || one.step < s.test_step) continue;
    s.test_step = one.step, s.test_accuracy = one.accuracy, s.test_loss = one.loss;
  }
}

/// Settings, results and cost as they were at its step.
ComparedRun at_its_step(const RunReader& reader, ComparedRun found) {
  std::vector<std::string> doubts;
  found.run.config = reader.config_at(found.run.summary.run_id, found.step, doubts);
  if (found.step < found.run.summary.step) go_back(reader, found);
  found.run.summary.gflops_per_image = gflops_at(reader, found);
  const int64_t run_id = found.run.summary.run_id;
  found.further = further_params(read_params(reader.database(), run_id));
  if (const MetricSeries returns = reader.load_metrics(run_id, "rl/return", 0, found.step); !returns.values.empty())
    found.episode_return = returns.values.back();
  return found;
}

}  // namespace

ComparedRun find_compared(const RunReader& reader, const std::string& asked) {
  const AskedMoment moment = asked_moment(asked);
  ComparedRun found;
  found.run = reader.load_run(find_run(reader, moment.run));
  found.step = moment.step.value_or(found.run.summary.step);
  if (found.step > found.run.summary.step) {
    throw UserError("run " + std::to_string(found.run.summary.run_id) + " has done " +
                    std::to_string(found.run.summary.step) + " steps; " + std::to_string(found.step) +
                    " is beyond them");
  }
  found.label = std::to_string(found.run.summary.run_id) + " " + found.run.summary.name;
  if (moment.step) found.label += " at step " + std::to_string(found.step);
  return at_its_step(reader, std::move(found));
}

std::vector<SeedGroup> seed_groups(const std::vector<ComparedRun>& runs) {
  std::vector<SeedGroup> groups;
  std::vector<std::string> known;
  for (size_t i = 0; i < runs.size(); ++i) {
    // Two moments of one run are no two seeds.
    const auto same_run = [&](const ComparedRun& other) {
      return other.run.summary.run_id == runs[i].run.summary.run_id;
    };
    const bool once = std::count_if(runs.begin(), runs.end(), same_run) == 1;
    const std::string signature = experiment(runs[i]) + (once ? "" : runs[i].label);
    const auto same = std::find(known.begin(), known.end(), signature);
    const auto has_seed = [&](size_t other) {
      return runs[other].run.config.train.seed == runs[i].run.config.train.seed;
    };
    if (same != known.end() && std::none_of(groups[static_cast<size_t>(same - known.begin())].runs.begin(),
                                            groups[static_cast<size_t>(same - known.begin())].runs.end(), has_seed)) {
      groups[static_cast<size_t>(same - known.begin())].runs.push_back(i);
    } else {
      known.push_back(signature);
      groups.push_back({runs[i].label, {i}});
    }
  }
  for (SeedGroup& group : groups) {
    if (group.runs.size() == 1) continue;
    group.label = runs[group.runs.front()].run.summary.name + ", runs";
    for (const size_t i : group.runs) group.label += " " + std::to_string(runs[i].run.summary.run_id);
  }
  return groups;
}

MeanCurve group_curve(const RunReader& reader, const std::vector<ComparedRun>& runs, const SeedGroup& group,
                      const std::string& key, StepRange range) {
  std::vector<RunSeries> curves;
  for (const size_t i : group.runs) curves.push_back(curve_of(reader, runs[i], key, range));
  return mean_curve(curves, kCurvePoints);
}

RunCost cost_of(const RunReader& reader, const ComparedRun& run) {
  const RunSummary& summary = run.run.summary;
  RunCost cost{.accuracy = kNan,
               .gflops_per_image = summary.gflops_per_image,
               .ms_per_image = kNan,
               .parameters = static_cast<double>(summary.num_parameters)};
  for (const Evaluated& evaluated : run.run.evaluations) {
    if (evaluated.split == "test" && evaluated.setting.empty() && evaluated.step <= run.step)
      cost.accuracy = evaluated.accuracy;
  }
  const MetricSeries speed = reader.load_metrics(summary.run_id, "eval/test/images_per_sec", 0, run.step);
  if (!speed.values.empty() && speed.values.back() > 0) cost.ms_per_image = 1e3 / speed.values.back();
  return cost;
}

std::vector<RoutingDistance> stored_routing_distance(const RunReader& reader, const ComparedRun& a,
                                                     const ComparedRun& b) {
  RoutingComparison comparison;
  const auto of_b = latest_maps(reader, b);
  for (const auto& [what, map_of_a] : latest_maps(reader, a)) {
    const auto same = of_b.find(what);
    if (same == of_b.end()) continue;
    comparison.add(load_routing(reader.database(), map_of_a).map, load_routing(reader.database(), same->second).map);
  }
  return comparison.result();
}

}  // namespace moescope
