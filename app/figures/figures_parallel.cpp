// Parallel coordinates: one upright axis a setting in which the runs differ, test accuracy at the right, a line a run.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "app/figures/figure_makers.h"
#include "compute/records/config_fields.h"
#include "figure/scale.h"

namespace moescope {

namespace {

constexpr size_t kMostAxes = 9;     // beyond them labels lie on each other
constexpr size_t kMostValues = 12;  // on one axis are told by name; more are an axis of numbers: its ends alone

/// One upright axis: where each run crosses it, and what is written beside it.
struct Upright {
  std::string name;
  std::vector<double> shares;              // 0 at the foot, NaN: the run has no value
  std::vector<std::string> texts;          // the value itself, one a run
  std::map<double, std::string> readings;  // by share
};

std::optional<double> as_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Upright number_axis(std::string name, const std::vector<double>& values) {
  Upright axis{std::move(name), {}, {}, {}};
  double least = 1e300, greatest = -1e300;
  for (const double value : values)
    if (std::isfinite(value)) least = std::min(least, value), greatest = std::max(greatest, value);
  // Values that grow by factors, such as learning rates, stand apart by factors.
  const bool log = least > 0 && greatest >= 20 * least;
  if (log) axis.name += " (log)";
  for (const double value : values) {
    const double share = !std::isfinite(value) ? std::nan("")
                         : greatest <= least   ? 0.5
                         : log                 ? std::log(value / least) / std::log(greatest / least)
                                               : (value - least) / (greatest - least);
    axis.shares.push_back(share);
    axis.texts.push_back(std::isfinite(value) ? figure::number_label(value) : "none");
    if (std::isfinite(share)) axis.readings[share] = axis.texts.back();
  }
  if (axis.readings.size() > kMostValues)
    std::erase_if(axis.readings, [](const auto& reading) { return reading.first > 0 && reading.first < 1; });
  return axis;
}

Upright word_axis(std::string name, const std::vector<std::string>& values) {
  std::vector<std::string> words = values;
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  Upright axis{std::move(name), {}, {}, {}};
  for (const std::string& value : values) {
    const auto place = std::lower_bound(words.begin(), words.end(), value) - words.begin();
    axis.shares.push_back(static_cast<double>(place) / static_cast<double>(std::max<size_t>(1, words.size() - 1)));
    axis.texts.push_back(value.empty() ? "none" : value);
    axis.readings[axis.shares.back()] = axis.texts.back();
  }
  return axis;
}

std::vector<Upright> uprights(const std::vector<ComparedRun>& runs) {
  std::vector<Upright> axes;
  for (const FieldText& field : list_fields(RunConfig{})) {
    const std::string key(field.field.key);
    if (key == "name" || key.starts_with("compute.")) continue;
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const ComparedRun& run : runs) {
      texts.push_back(get_field(run.run.config, key));
      if (const std::optional<double> number = as_number(texts.back())) numbers.push_back(*number);
    }
    if (std::all_of(texts.begin(), texts.end(), [&](const std::string& text) { return text == texts.front(); }))
      continue;
    axes.push_back(numbers.size() == texts.size() ? number_axis(key, numbers) : word_axis(key, texts));
  }
  return axes;
}

/// Which quarter of the runs by accuracy, 0 the best; runs without one are in the last.
std::vector<size_t> quarters(const std::vector<double>& accuracy) {
  std::vector<size_t> quarter;
  for (const double own : accuracy) {
    const auto better = std::count_if(accuracy.begin(), accuracy.end(), [&](double other) { return other > own; });
    quarter.push_back(std::isnan(own) ? 3 : static_cast<size_t>(better) * 4 / accuracy.size());
  }
  return quarter;
}

}  // namespace

figure::Panel parallel_panel(const RunReader& reader, const FigureSpec& spec) {
  static const char* kQuarters[] = {"best quarter", "second quarter", "third quarter", "last quarter"};
  static constexpr int64_t kColors[] = {5, 1, 4, 0};  // vermilion, orange, blue, ...: apart for most eyes
  const std::vector<ComparedRun> runs = runs_of(reader, spec);
  std::vector<Upright> axes = uprights(runs);
  if (axes.empty())
    throw UserError("these runs have the same settings; parallel coordinates need at least one that differs");
  const size_t left_out = axes.size() > kMostAxes ? axes.size() - kMostAxes : 0;
  axes.resize(axes.size() - left_out);
  std::vector<double> accuracy;
  for (const ComparedRun& run : runs) accuracy.push_back(cost_of(reader, run).accuracy);
  axes.push_back(number_axis("test accuracy", accuracy));
  const std::vector<size_t> quarter = quarters(accuracy);
  figure::Panel panel;
  // The best ones last, so that nothing lies on them.
  for (size_t wanted = 4; wanted-- > 0;) {
    for (size_t run = 0; run < runs.size(); ++run) {
      if (quarter[run] != wanted) continue;
      figure::Line line{.name = kQuarters[wanted], .color = kColors[wanted], .x = {}, .y = {}};
      for (size_t i = 0; i < axes.size(); ++i) {
        line.x.push_back(static_cast<double>(i)), line.y.push_back(axes[i].shares[run]);
        line.texts.push_back(axes[i].texts[run]);
      }
      panel.marks.emplace_back(std::move(line));
    }
  }
  figure::Scatter readings;
  readings.color = 7;
  for (size_t i = 0; i < axes.size(); ++i) {
    for (const auto& [share, text] : axes[i].readings) {
      readings.x.push_back(static_cast<double>(i)), readings.y.push_back(share);
      readings.labels.push_back(text);
    }
    panel.x.names.emplace_back(static_cast<double>(i), axes[i].name);
  }
  panel.marks.emplace_back(std::move(readings));
  panel.x.low = -0.15, panel.x.high = static_cast<double>(axes.size()) - 1 + 0.35;  // room for the last readings
  panel.y = {.label = "least to greatest of each axis", .log = false, .low = -0.04, .high = 1.04};
  panel.y.names = {{0.0, ""}, {1.0, ""}};
  if (left_out > 0) panel.shown = std::to_string(left_out) + " more settings differ and are not shown";
  return panel;
}

}  // namespace moescope
