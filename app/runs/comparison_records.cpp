// What differs between runs, as a record for the window and for the report.
#include <algorithm>
#include <set>

#include "app/runs/comparison.h"
#include "app/terminal/text_table.h"
#include "compute/records/config_fields.h"
#include "sessions/run_names.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

using Runs = std::vector<ComparedRun>;

template <class Text>
ComparedValue row(std::string name, const Runs& runs, Text&& text) {
  ComparedValue value{std::move(name), {}, std::vector<uint8_t>(runs.size(), 0)};
  for (const ComparedRun& run : runs) value.values.push_back(text(run));
  return value;
}

std::vector<ComparedValue> results_of(const Runs& runs) {
  std::vector<ComparedValue> results = {
      row("state", runs,
          [](const ComparedRun& run) {
            const RunSummary& s = run.run.summary;
            return std::string(s.interrupted ? kInterrupted : state_name(s.state));
          }),
      row("step", runs, [](const ComparedRun& run) { return std::to_string(run.step); }),
      row("time", runs, [](const ComparedRun& run) { return duration(run.run.summary.wall_secs); }),
      row("training loss", runs, [](const ComparedRun& run) { return or_dash(run.run.summary.loss, 4); }),
      row("test loss", runs, [](const ComparedRun& run) { return or_dash(run.run.summary.test_loss, 4); }),
      row("test accuracy", runs, [](const ComparedRun& run) { return or_dash(run.run.summary.test_accuracy, 4); }),
      row("parameters", runs, [](const ComparedRun& run) { return std::to_string(run.run.summary.num_parameters); }),
      row("GFLOPs/image", runs, [](const ComparedRun& run) { return fixed(run.run.summary.gflops_per_image, 4); }),
      row("commands", runs, [](const ComparedRun& run) { return std::to_string(run.run.commands.size()); })};
  if (std::any_of(runs.begin(), runs.end(), [](const ComparedRun& run) { return run.episode_return.has_value(); }))
    results.insert(results.begin() + 3, row("return", runs, [](const ComparedRun& run) {
                     return run.episode_return ? fixed(*run.episode_return, 2) : "-";
                   }));
  return results;
}

/// An agent's settings that not all runs have alike.
void add_further_settings(const Runs& runs, std::vector<ComparedValue>& settings) {
  std::set<std::string> keys;
  for (const ComparedRun& run : runs)
    for (const auto& [key, value] : run.further) keys.insert(key);
  for (const std::string& key : keys) {
    ComparedValue setting = row(key, runs, [&](const ComparedRun& run) -> std::string {
      const auto found =
          std::find_if(run.further.begin(), run.further.end(), [&](const auto& one) { return one.first == key; });
      return found == run.further.end() ? "-" : found->second;
    });
    const bool differs = std::any_of(setting.values.begin(), setting.values.end(),
                                     [&](const std::string& value) { return value != setting.values.front(); });
    if (differs) settings.push_back(std::move(setting));
  }
}

/// Whether a run stored this setting or its neighbours: what another program recorded has none, an agent none of
/// images.
bool has_settings_like(const ParamTexts& stored, const std::string& key) {
  const std::string section = key.substr(0, key.find('.') + 1);
  const auto first = stored.lower_bound(section);
  return first != stored.end() && first->first.starts_with(section);
}

std::vector<ComparedValue> settings_of(const RunReader& reader, const Runs& runs) {
  std::vector<RunConfig> began;
  std::vector<ParamTexts> stored;
  std::vector<std::string> doubts;
  for (const ComparedRun& run : runs) {
    began.push_back(reader.config_at(run.run.summary.run_id, 0, doubts));
    stored.push_back(read_params(reader.database(), run.run.summary.run_id));
  }
  std::vector<ComparedValue> settings;
  for (const FieldText& field : list_fields(RunConfig{})) {
    const std::string key(field.field.key);
    if (key == "name") continue;
    ComparedValue setting = row(key, runs, [&](const ComparedRun& run) { return get_field(run.run.config, key); });
    for (size_t i = 0; i < runs.size(); ++i) {
      setting.turned[i] = setting.values[i] != get_field(began[i], key);
      if (!has_settings_like(stored[i], key)) setting.values[i] = "-";
    }
    const bool differs = std::any_of(setting.values.begin(), setting.values.end(),
                                     [&](const std::string& value) { return value != setting.values.front(); });
    if (differs) settings.push_back(std::move(setting));
  }
  add_further_settings(runs, settings);
  return settings;
}

/// Commands that not all runs got at the same step: who turned which knob when.
std::vector<ComparedKnob> knobs_of(const Runs& runs) {
  std::set<std::pair<int64_t, std::string>> all;
  std::vector<std::set<std::pair<int64_t, std::string>>> own(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const CommandApplied& command : runs[i].run.commands) {
      if (command.key == "run" || command.step > runs[i].step) continue;
      own[i].insert({command.step, command.key + " " + command.old_value + " -> " + command.new_value});
    }
    all.insert(own[i].begin(), own[i].end());
  }
  std::vector<ComparedKnob> knobs;
  for (const auto& event : all) {
    ComparedKnob knob{event.first, event.second, {}};
    for (const auto& set : own) knob.in_run.push_back(set.contains(event) ? 1 : 0);
    if (std::count(knob.in_run.begin(), knob.in_run.end(), 0) > 0) knobs.push_back(std::move(knob));
  }
  return knobs;
}

}  // namespace

RunComparison what_differs(const RunReader& reader, const std::vector<ComparedRun>& runs) {
  RunComparison comparison;
  std::set<std::string> keys;
  for (const ComparedRun& run : runs) {
    comparison.asked.push_back({run.run.summary.run_id, run.step});
    comparison.labels.push_back(run.label);
    std::vector<int64_t>& steps = comparison.checkpoints.emplace_back();
    for (const CheckpointInfo& one : run.run.checkpoints) steps.push_back(one.step);
    for (std::string& key : reader.metric_keys(run.run.summary.run_id)) keys.insert(std::move(key));
  }
  comparison.colors.resize(runs.size());
  const std::vector<SeedGroup> groups = seed_groups(runs);
  for (size_t group = 0; group < groups.size(); ++group)
    for (const size_t run : groups[group].runs) comparison.colors[run] = static_cast<int64_t>(group);
  comparison.metric_keys.assign(keys.begin(), keys.end());
  comparison.results = results_of(runs);
  comparison.settings = settings_of(reader, runs);
  comparison.knobs = knobs_of(runs);
  return comparison;
}

RunComparison compared_runs(const RunReader& reader, const std::vector<RunMoment>& moments) {
  RunComparison comparison;
  try {
    const ReadSnapshot snapshot(reader.database());
    std::vector<ComparedRun> runs;
    for (const RunMoment& moment : moments) runs.push_back(find_compared(reader, moment_text(moment)));
    comparison = what_differs(reader, runs);
  } catch (const UserError& error) { comparison.refusal = error.what(); }
  comparison.asked = moments;
  return comparison;
}

}  // namespace moescope
