// Stored runs in words.
#include "app/runs/runs_report.h"

#include <algorithm>
#include <cstdio>

#include "compute/records/config_fields.h"
#include "sessions/run_names.h"

namespace moescope {

namespace {

std::string state_text(const RunSummary& run) {
  return std::string(run.interrupted ? kInterrupted : state_name(run.state));
}

void add_line(std::string& text, const std::string& subject, const std::string& words) {
  text += subject + std::string(subject.size() < 16 ? 16 - subject.size() : 1, ' ') + words + "\n";
}

std::string result_lines(const RunSummary& run) {
  std::string text;
  add_line(text, "run", std::to_string(run.run_id) + " " + run.name + (run.starred ? " (starred)" : ""));
  add_line(text, "state", state_text(run) + (run.message.empty() ? "" : ": " + run.message));
  add_line(text, "started", run.started_at + ", last written " + run.updated_at);
  add_line(text, "step", std::to_string(run.step) + " after " + duration(run.wall_secs));
  add_line(text, "test accuracy",
           or_dash(run.test_accuracy, 4) + (run.test_step >= 0 ? " at step " + std::to_string(run.test_step) : ""));
  add_line(text, "test loss", or_dash(run.test_loss, 4));
  add_line(text, "training loss", or_dash(run.loss, 4));
  add_line(text, "parameters", std::to_string(run.num_parameters));
  add_line(text, "GFLOPs/image", fixed(run.gflops_per_image, 4));
  return text;
}

std::string setting_lines(const StoredRun& run, bool every_setting) {
  std::string text = every_setting ? "\nsettings\n" : "\nsettings that differ from the defaults\n";
  const std::vector<FieldText> own = list_fields(run.config), defaults = list_fields(RunConfig{});
  for (size_t i = 0; i < own.size(); ++i) {
    if (!every_setting && own[i].value == defaults[i].value) continue;
    text += "  " + std::string(own[i].field.key) + " = " + own[i].value + "\n";
  }
  for (const std::string& doubt : run.config_doubts) text += "  ? " + doubt + "\n";
  return text;
}

std::string history_lines(const StoredRun& run) {
  std::string text;
  if (!run.commands.empty()) text += "\ncommands\n";
  for (const CommandApplied& c : run.commands) {
    text += "  step " + std::to_string(c.step) + ": " + c.key + " " + c.old_value + " -> " + c.new_value + "\n";
  }
  if (!run.evaluations.empty()) text += "\nevaluations\n";
  for (const Evaluated& e : run.evaluations) {
    text += "  step " + std::to_string(e.step) + ": " + e.split + " accuracy " + fixed(e.accuracy, 4) + ", loss " +
            fixed(e.loss, 4) + ", " + std::to_string(e.num_images) + " images" +
            (e.setting.empty() ? "" : ", with " + e.setting) + "\n";
  }
  if (!run.checkpoints.empty()) text += "\ncheckpoints\n";
  for (const CheckpointInfo& c : run.checkpoints) {
    text += "  step " + std::to_string(c.step) + ": " + c.reason + ", " +
            fixed(static_cast<double>(c.num_bytes) / 1e6, 1) + " MB, saved " + c.saved_at + "\n";
  }
  if (!run.notes.empty()) text += "\nnotes\n";
  for (const Note& n : run.notes) {
    text += "  " + (n.step >= 0 ? "step " + std::to_string(n.step) + ": " : "") + n.text + "\n";
  }
  return text;
}

}  // namespace

TextTable runs_table(const std::vector<RunSummary>& runs) {
  TextTable table({">run", "name", "state", "router", "data", ">step", ">time", ">loss", ">test accuracy",
                   ">parameters", "started", "tags"});
  for (const RunSummary& run : runs) {
    table.add({std::to_string(run.run_id), run.name, state_text(run), run.router, run.dataset, std::to_string(run.step),
               duration(run.wall_secs), or_dash(run.loss, 4), or_dash(run.test_accuracy, 4),
               with_unit(static_cast<double>(run.num_parameters)), run.started_at,
               (run.starred ? "* " : "") + run.tags});
  }
  return table;
}

TextTable cells_table(const CellTable& cells) {
  struct Words {
    std::string operator()(std::monostate) const { return "-"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const {
      char text[32];
      std::snprintf(text, sizeof text, "%.6g", value);
      return text;
    }
    std::string operator()(const std::string& value) const { return value; }
  };
  std::vector<std::string> headings = cells.columns;
  for (size_t i = 0; i < headings.size(); ++i) {
    const bool has_text = std::any_of(cells.rows.begin(), cells.rows.end(),
                                      [&](const auto& row) { return std::holds_alternative<std::string>(row[i]); });
    if (!has_text) headings[i].insert(0, ">");
  }
  TextTable table(std::move(headings));
  for (const auto& row : cells.rows) {
    std::vector<std::string> line;
    for (const Cell& cell : row) line.push_back(std::visit(Words{}, cell));
    table.add(std::move(line));
  }
  return table;
}

std::string run_report(const StoredRun& run, bool every_setting) {
  std::string text = result_lines(run.summary) + setting_lines(run, every_setting);
  if (!run.environment.empty()) text += "\nwhere\n";
  for (const auto& [key, value] : run.environment) text += "  " + key + ": " + value + "\n";
  return text + history_lines(run);
}

TextTable comparison_table(const RunComparison& comparison) {
  std::vector<std::string> headings{"what"};
  for (const std::string& label : comparison.labels) headings.push_back(">" + label);
  TextTable table(std::move(headings));
  for (const auto* rows : {&comparison.results, &comparison.settings}) {
    for (const ComparedValue& value : *rows) {
      std::vector<std::string> cells{value.name};
      cells.insert(cells.end(), value.values.begin(), value.values.end());
      table.add(std::move(cells));
    }
  }
  return table;
}

}  // namespace moescope
