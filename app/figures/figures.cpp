// One function a kind of figure.
#include "app/figures/figures.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "app/figures/figure_makers.h"
#include "figure/scale.h"

namespace moescope {

using figure::Panel;
using figure::Scene;

namespace {

constexpr int64_t kPieces = 400;  // of a long series

std::string grouped(int64_t value) { return figure::number_label(static_cast<double>(value)); }

std::string group_name(const std::vector<ComparedRun>& runs, const SeedGroup& group) {
  const std::string& first = runs[group.runs.front()].label;
  return group.runs.size() == 1 ? first : first + " (" + std::to_string(group.runs.size()) + " seeds)";
}

/// Steps as what the x axis counts.
double x_factor(const FigureSpec& spec, const StoredRun& run) {
  const auto batch = static_cast<double>(run.config.train.batch_size);
  if (spec.x == "step") return 1;
  if (spec.x == "images") return batch;
  if (spec.x == "gflops") return batch * run.summary.gflops_per_image;
  throw UserError("curves have no x axis '" + spec.x + "'; there are step, images and gflops");
}

void add_mean(Panel& panel, const MeanCurve& curve, const std::string& name, int64_t color, double factor) {
  figure::Line line{.name = name, .color = color, .x = {}, .y = {}};
  figure::Band band{.color = color, .x = {}, .low = {}, .high = {}};
  for (size_t i = 0; i < curve.x.size(); ++i) {
    line.x.push_back(curve.x[i] * factor);
    line.y.push_back(curve.y[i].mean);
    band.low.push_back(curve.y[i].low);
    band.high.push_back(curve.y[i].high);
  }
  line.dots = line.x.size() <= 30;
  band.x = line.x;
  panel.marks.emplace_back(std::move(band));
  panel.marks.emplace_back(std::move(line));
}

/// One run's series: the mean of each piece as a line, its least and greatest value as a band, nothing left out.
void add_series(Panel& panel, const MetricEnvelope& series, const std::string& name, int64_t color, double factor,
                int64_t& shown, int64_t& all) {
  figure::Line line{.name = name, .color = color, .x = {}, .y = {}};
  figure::Band band{.color = color, .x = {}, .low = {}, .high = {}};
  for (const EnvelopePoint& point : series.points) {
    const double x = 0.5 * static_cast<double>(point.first_step + point.last_step) * factor;
    // A NaN among the values of a piece is marked, and the line goes on from the finite ones.
    if (point.num_nan > 0 || point.num_inf > 0) {
      line.x.push_back(x);
      line.y.push_back(point.num_nan > 0 ? std::nan("") : std::numeric_limits<double>::infinity());
    }
    if (point.count > point.num_nan + point.num_inf) {
      line.x.push_back(x);
      line.y.push_back(point.mean);
    }
    band.x.push_back(x);
    band.low.push_back(point.min);
    band.high.push_back(point.max);
    all += point.count;
  }
  shown += static_cast<int64_t>(series.points.size());
  line.dots = line.x.size() <= 30;
  if (series.steps_per_point > 1) panel.marks.emplace_back(std::move(band));
  panel.marks.emplace_back(std::move(line));
}

Panel curves(const RunReader& reader, const FigureSpec& spec, const std::string& key) {
  const std::vector<ComparedRun> runs = runs_of(reader, spec);
  const std::map<std::string, std::string> x_labels = {
      {"step", "step"}, {"images", "images seen"}, {"gflops", "forward GFLOPs"}};
  Panel panel;
  int64_t color = 0, shown = 0, all = 0;
  const StepRange range{spec.first_step, spec.last_step < 0 ? StepRange{}.last : spec.last_step};
  const std::vector<SeedGroup> groups = seed_groups(runs);
  for (const SeedGroup& group : groups) {
    const ComparedRun& first = runs[group.runs.front()];
    const double factor = x_factor(spec, first.run);
    if (group.runs.size() > 1) {
      add_mean(panel, group_curve(reader, runs, group, key, range), group_name(runs, group), color++, factor);
      continue;
    }
    const MetricEnvelope series =
        reader.load_envelope(first.run.summary.run_id, key, kPieces, range.first, std::min(range.last, first.step));
    add_series(panel, series, group_name(runs, group), color++, factor, shown, all);
    for (const CommandApplied& command : first.run.commands) {
      if (command.key == "run" || command.step > std::min(range.last, first.step) || command.step < range.first)
        continue;
      panel.events.push_back({static_cast<double>(command.step) * factor, command.key + " " + command.new_value});
    }
  }
  const bool empty = std::all_of(panel.marks.begin(), panel.marks.end(), [](const figure::Mark& mark) {
    const auto* line = std::get_if<figure::Line>(&mark);
    return line == nullptr || line->x.empty();
  });
  if (empty)
    throw UserError("none of the runs has the metric '" + key +
                    "'; `moescope runs query \"SELECT DISTINCT key FROM metrics\"` lists them");
  panel.x = {.label = x_labels.at(spec.x), .log = spec.log_x, .low = {}, .high = {}};
  panel.y = {.label = key, .log = spec.log_y, .low = {}, .high = {}};
  if (all > shown)
    panel.shown =
        grouped(all) + " values as " + grouped(shown) + " pieces: line their mean, band their least to greatest";
  return panel;
}

Panel pareto(const RunReader& reader, const FigureSpec& spec) {
  const std::map<std::string, std::pair<std::string, double RunCost::*>> axes = {
      {"gflops", {"GFLOPs/image", &RunCost::gflops_per_image}},
      {"ms", {"ms/image", &RunCost::ms_per_image}},
      {"parameters", {"parameters", &RunCost::parameters}}};
  const auto axis = axes.find(spec.x);
  if (axis == axes.end())
    throw UserError("a pareto figure has no x axis '" + spec.x + "'; there are gflops, ms and parameters");
  figure::Scatter points;
  for (const ComparedRun& run : runs_of(reader, spec)) {
    const RunCost cost = cost_of(reader, run);
    points.x.push_back(cost.*axis->second.second);
    points.y.push_back(cost.accuracy);
    points.labels.push_back(run.label);
  }
  for (const bool beaten : dominated(points.x, points.y)) points.faded.push_back(beaten ? 1 : 0);
  figure::Line front{.name = "", .color = 0, .x = {}, .y = {}};
  std::vector<std::pair<double, double>> best;
  for (size_t i = 0; i < points.x.size(); ++i) {
    if (!points.faded[i]) best.emplace_back(points.x[i], points.y[i]);
  }
  std::sort(best.begin(), best.end());
  for (const auto& [x, y] : best) front.x.push_back(x), front.y.push_back(y);
  Panel panel{.title = "",
              .x = {axis->second.first, spec.log_x, {}, {}},
              .y = {"test accuracy", spec.log_y, {}, {}},
              .marks = {front, points},
              .events = {},
              .shown = ""};
  return panel;
}

Panel bars(const RunReader& reader, const FigureSpec& spec) {
  const std::vector<ComparedRun> runs = runs_of(reader, spec);
  figure::Bars bars;
  for (const SeedGroup& group : seed_groups(runs)) {
    std::vector<double> values;
    for (const size_t i : group.runs) values.push_back(cost_of(reader, runs[i]).accuracy);
    const MeanInterval mean = bootstrap_mean(values);
    bars.names.push_back(group_name(runs, group));
    bars.values.push_back(mean.mean);
    bars.low.push_back(mean.low);
    bars.high.push_back(mean.high);
  }
  return Panel{.title = "", .x = {"test accuracy", false, {}, {}}, .y = {}, .marks = {bars}, .events = {}, .shown = ""};
}

}  // namespace

std::vector<ComparedRun> runs_of(const RunReader& reader, const FigureSpec& spec) {
  std::vector<ComparedRun> runs;
  for (size_t i = 0; i < spec.runs.size(); ++i) {
    runs.push_back(find_compared(reader, spec.runs[i]));
    runs.back().label = spec.labels[i];
  }
  if (runs.empty()) throw UserError("a figure needs a run; `moescope runs list` shows what there is");
  return runs;
}

Scene build_figure(const RunReader& reader, const FigureSpec& spec) {
  const std::map<std::string, std::function<Panel(const RunReader&, const FigureSpec&)>> makers = {
      {"pareto", pareto},   {"bars", bars},         {"parallel", parallel_panel},
      {"load", load_panel}, {"ridge", ridge_panel}, {"routing", routing_panel}};
  require_figure_kind(spec.kind);
  Scene scene;
  if (spec.kind == "curves") {
    for (const std::string& key : figure_keys(spec)) scene.panels.push_back(curves(reader, spec, key));
    if (scene.panels.size() > 3) scene.columns = 2;
  } else {
    scene.panels.push_back(makers.at(spec.kind)(reader, spec));
  }
  scene.title = spec.title;
  scene.caption = spec.caption;
  scene.width = spec.width;
  scene.height = spec.height;
  return scene;
}

}  // namespace moescope
