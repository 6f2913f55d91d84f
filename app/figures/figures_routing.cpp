// Figures about experts: their load over training, and where patches go.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "app/figures/figure_makers.h"
#include "sessions/routing_blobs.h"

namespace moescope {

using figure::Panel;

namespace {

/// The block asked for, or the first whose expert load was recorded; and its experts' series.
std::vector<MetricEnvelope> expert_loads(const RunReader& reader, const ComparedRun& run, int64_t& layer,
                                         int64_t pieces) {
  std::map<int64_t, std::vector<int64_t>> experts;  // of each layer
  for (const std::string& key : reader.metric_keys(run.run.summary.run_id)) {
    long long block = 0, expert = 0;
    if (std::sscanf(key.c_str(), "layer%lld/load/e%lld", &block, &expert) == 2) experts[block].push_back(expert);
  }
  if (layer < 0 && !experts.empty()) layer = experts.begin()->first;
  if (!experts.contains(layer))
    throw UserError("run " + run.label + " has recorded no expert load in block " + std::to_string(layer) +
                    "; choose another --layer, or a run with experts");
  std::vector<int64_t>& numbers = experts.at(layer);
  std::sort(numbers.begin(), numbers.end());
  std::vector<MetricEnvelope> loads;
  for (const int64_t expert : numbers) {
    loads.push_back(reader.load_envelope(run.run.summary.run_id,
                                         "layer" + std::to_string(layer) + "/load/e" + std::to_string(expert), pieces,
                                         0, run.step));
  }
  return loads;
}

}  // namespace

Panel load_panel(const RunReader& reader, const FigureSpec& spec) {
  const ComparedRun run = runs_of(reader, spec).front();
  int64_t layer = spec.layer;
  const std::vector<MetricEnvelope> loads = expert_loads(reader, run, layer, 200);
  const auto columns = static_cast<int64_t>(loads.front().points.size());
  figure::HeatMap map{
      .rows = static_cast<int64_t>(loads.size()), .columns = columns, .values = {}, .value_label = "load / fair share"};
  for (const MetricEnvelope& expert : loads) {
    for (int64_t c = 0; c < columns; ++c) {
      const double value =
          c < static_cast<int64_t>(expert.points.size()) ? expert.points[static_cast<size_t>(c)].mean : std::nan("");
      map.values.push_back(value);
      if (value > map.high) map.high = value;
    }
  }
  const auto width = static_cast<double>(loads.front().steps_per_point);
  map.x_first = columns > 0 ? static_cast<double>(loads.front().points.front().first_step) : 0;
  map.x_last = columns > 0 ? static_cast<double>(loads.front().points.back().first_step) + width : 1;
  map.y_first = -0.5, map.y_last = static_cast<double>(loads.size()) - 0.5;
  Panel panel{.title = "Block " + std::to_string(layer),
              .x = {"step", false, {}, {}},
              .y = {"expert", false, {}, {}},
              .marks = {map},
              .events = {},
              .shown = ""};
  return panel;
}

Panel ridge_panel(const RunReader& reader, const FigureSpec& spec) {
  constexpr int64_t kRows = 10;
  constexpr size_t kBins = 40;
  const ComparedRun run = runs_of(reader, spec).front();
  int64_t layer = spec.layer;
  const std::vector<MetricEnvelope> loads = expert_loads(reader, run, layer, 200);
  figure::Ridge ridge{.first = 0, .last = 3, .histograms = {}};
  const int64_t columns = static_cast<int64_t>(loads.front().points.size());
  for (int64_t row = 0; row < std::min(kRows, columns); ++row) {
    const int64_t begin = row * columns / std::min(kRows, columns),
                  end = (row + 1) * columns / std::min(kRows, columns);
    figure::Histogram histogram{
        .label = "step " + std::to_string(loads.front().points[static_cast<size_t>(begin)].first_step),
        .counts = std::vector<double>(kBins, 0.0)};
    for (const MetricEnvelope& expert : loads) {
      for (int64_t c = begin; c < std::min<int64_t>(end, static_cast<int64_t>(expert.points.size())); ++c) {
        const EnvelopePoint& point = expert.points[static_cast<size_t>(c)];
        histogram.num_nan += point.num_nan;
        if (std::isnan(point.mean)) continue;
        if (point.mean >= ridge.last) {
          ++histogram.num_above;
        } else {
          ++histogram.counts[static_cast<size_t>(std::max(0.0, point.mean) / ridge.last * static_cast<double>(kBins))];
        }
      }
    }
    ridge.histograms.push_back(std::move(histogram));
  }
  Panel panel{.title = "Block " + std::to_string(layer),
              .x = {"expert load / fair share", false, {}, {}},
              .y = {},
              .marks = {ridge},
              .events = {},
              .shown = ""};
  return panel;
}

figure::GridImage grid_image(const DatasetInfo& info, const uint8_t* pixels, const std::string& label) {
  figure::GridImage image{.label = label,
                          .height = info.height,
                          .width = info.width,
                          .rgb = {},
                          .grid_height = 0,
                          .grid_width = 0,
                          .expert = {}};
  for (int64_t p = 0; p < info.height * info.width; ++p) {
    for (int64_t c = 0; c < 3; ++c) image.rgb.push_back(pixels[p * info.channels + (info.channels == 3 ? c : 0)]);
  }
  return image;
}

figure::GridImage routed_image(figure::GridImage image, const RoutingMap& map) {
  image.grid_height = map.grid_height;
  image.grid_width = map.grid_width;
  const std::vector<double> shares = expert_shares(map);
  const int64_t width = map.num_experts + 1, first = map.has_class_token ? 1 : 0;
  for (int64_t patch = 0; patch < map.grid_height * map.grid_width; ++patch) {
    const double* row = shares.data() + (patch + first) * width;
    const auto expert = std::max_element(row, row + width) - row;
    image.expert.push_back(expert == map.num_experts ? -1 : static_cast<int32_t>(expert));
  }
  return image;
}

Panel routing_panel(const RunReader& reader, const FigureSpec& spec) {
  const ComparedRun run = runs_of(reader, spec).front();
  const int64_t run_id = run.run.summary.run_id;
  std::map<std::string, int64_t> maps;  // the newest of each image
  int64_t layer = spec.layer;
  for (const RoutingInfo& info : list_routing(reader.database(), run_id)) {
    if (layer < 0) layer = info.layer;
    if (info.layer == layer && info.step <= run.step && info.image.starts_with("test ")) maps[info.image] = info.map_id;
  }
  if (maps.empty())
    throw UserError("run " + run.label + " has stored no routing of test images in block " + std::to_string(layer) +
                    "; choose another --layer, or a run that was evaluated");
  const std::shared_ptr<const Dataset> dataset = open_dataset(run.run.config.data);
  const DatasetInfo& info = dataset->info();
  figure::ImageGrid grid;
  std::vector<uint8_t> scratch;
  for (const auto& [label, map_id] : maps) {
    const RoutingMap map = load_routing(reader.database(), map_id).map;
    const int64_t index = std::stoll(label.substr(5));
    if (index >= info.num_test) continue;
    const uint8_t* pixels = dataset->pixels(Split::test, index, scratch);
    grid.images.push_back(routed_image(grid_image(info, pixels, label), map));
  }
  Panel panel{.title = "Block " + std::to_string(layer) + ": the expert of each patch",
              .x = {},
              .y = {},
              .marks = {grid},
              .events = {},
              .shown = ""};
  return panel;
}

}  // namespace moescope
