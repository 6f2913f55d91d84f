// Which patches are dropped when places are scarce: pictures of them, and how much of the image they hold
// (arXiv:2106.05974, figures of skipped patches).
#include <algorithm>
#include <cmath>

#include "compute/eval/evaluator.h"
#include "compute/explore/replica.h"
#include "compute/models/vision_transformer.h"
#include "findings/analysis.h"
#include "findings/measures.h"
#include "findings/test_split.h"

namespace moescope {

namespace {

constexpr const char* kOrders[] = {"vanilla", "bpr"};
constexpr int64_t kPictured = 6;  // test images whose patches are kept one by one, of the first seed

std::string joined(const std::string& name, int64_t number) { return name + "/" + std::to_string(number); }

/// Tokens without an expert, layer by layer, and the brightness of their patches.
class DropWatcher : public RoutingObserver {
 public:
  DropWatcher(int64_t patch, bool keep_pictures) : patch_(patch), keep_(keep_pictures) {}

  /// Before the batch goes through the model.
  void next(const Batch& batch) {
    batch_ = &batch;
    first_ = layers_.empty();
  }
  void see(const Routing& routing) override {
    const int64_t images = batch_->size(), tokens = routing.total_tokens / images;
    if (tokens != columns() * rows())
      throw ConfigError("dropped-patches needs tokens that are patches alone; set model.head to gap");
    if (routing.k == 0) throw ConfigError("dropped-patches needs router.kind tokens_choice");
    const bool picture = keep_ && first_;
    Layer& layer = layers_[routing.layer];
    for (int64_t t = 0; t < routing.total_tokens; ++t) {
      const int32_t expert = executed(routing, t);
      const double ink = brightness(t / tokens, t % tokens);
      layer.num_tokens += 1, layer.ink += ink;
      if (expert < 0) layer.num_dropped += 1, layer.dropped_ink += ink;
      if (picture && t < std::min(images, kPictured) * tokens) layer.pictured.push_back(expert);
    }
  }

  void report(const std::string& order, Values& values) const {
    for (const auto& [number, layer] : layers_) {
      const std::string of = joined("/" + order, number);
      values["dropped" + of] = 100 * layer.num_dropped / layer.num_tokens;
      if (layer.num_dropped > 0)  // over the mean of all patches, in deviations of a pixel
        values["ink" + of] = layer.dropped_ink / layer.num_dropped - layer.ink / layer.num_tokens;
      for (size_t i = 0; i < layer.pictured.size(); ++i)
        values[joined("picture/expert" + of, static_cast<int64_t>(i))] = layer.pictured[i];
    }
  }

 private:
  struct Layer {
    double num_tokens = 0, num_dropped = 0, ink = 0, dropped_ink = 0;
    std::vector<int32_t> pictured;
  };

  int64_t columns() const { return batch_->images.dim(2) / patch_; }
  int64_t rows() const { return batch_->images.dim(1) / patch_; }

  /// The best choice of a token that had a place; -1: none had.
  static int32_t executed(const Routing& routing, int64_t token) {
    const int64_t capacity = routing.group_capacity(token / routing.tokens);
    for (int64_t i = token * routing.k; i < (token + 1) * routing.k; ++i)
      if (routing.place.i32()[i] < capacity) return routing.expert.i32()[i];
    return -1;
  }
  double brightness(int64_t image, int64_t patch) const {
    const Tensor& x = batch_->images;  // (N,H,W,C)
    const int64_t width = x.dim(2), channels = x.dim(3);
    const int64_t top = patch / columns() * patch_, left = patch % columns() * patch_;
    double sum = 0;
    for (int64_t y = top; y < top + patch_; ++y) {
      const float* row = x.f32() + ((image * x.dim(1) + y) * width + left) * channels;
      for (int64_t i = 0; i < patch_ * channels; ++i) sum += row[i];
    }
    return sum / static_cast<double>(patch_ * patch_ * channels);
  }

  const int64_t patch_;
  const bool keep_;
  const Batch* batch_ = nullptr;
  bool first_ = true;
  std::map<int64_t, Layer> layers_;
};

void keep_pixels(const Replica& model, Values& values) {
  const DatasetInfo& info = model.dataset->info();
  values["picture/height"] = static_cast<double>(info.height);
  values["picture/width"] = static_cast<double>(info.width);
  values["picture/grid_width"] = static_cast<double>(info.width / model.config.model.patch);
  for (int64_t i = 0; i < kPictured; ++i) {
    const ImagePixels image = model.dataset->image(Split::test, i);
    for (int64_t p = 0; p < info.height * info.width; ++p) {
      double grey = 0;
      for (int64_t c = 0; c < info.channels; ++c) grey += image.values[static_cast<size_t>(p * info.channels + c)];
      values[joined(joined("picture/pixel", i), p)] = std::round(grey / static_cast<double>(info.channels));
    }
  }
}

/// The pictures of one order and layer; no images when they were not kept.
figure::ImageGrid grid_of(const RecipeData& data, const std::string& arm, const std::string& order, int64_t layer) {
  figure::ImageGrid grid{.columns = kPictured / 2, .images = {}};
  const auto number = [&](const std::string& name) {
    const std::vector<double> found = data.values(arm, name);
    return found.empty() ? -1 : static_cast<int64_t>(found.front());
  };
  const int64_t height = number("picture/height"), width = number("picture/width"),
                columns = number("picture/grid_width");
  if (height < 1 || width < 1 || columns < 1) return grid;
  const int64_t rows = height * columns / width;
  for (int64_t i = 0; i < kPictured; ++i) {
    figure::GridImage image{"", height, width, {}, rows, columns, {}};
    for (int64_t p = 0; p < height * width; ++p)
      image.rgb.insert(image.rgb.end(), 3, static_cast<uint8_t>(number(joined(joined("picture/pixel", i), p))));
    for (int64_t t = i * rows * columns; t < (i + 1) * rows * columns; ++t)
      image.expert.push_back(static_cast<int32_t>(number(joined(joined("picture/expert/" + order, layer), t))));
    grid.images.push_back(std::move(image));
  }
  return grid;
}

}  // namespace

void measure_dropped_patches(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values) {
  const bool pictures = model.config.train.seed == 0;
  double done = 0;
  for (const char* order : kOrders) {
    EvalOptions options = EvalOptions::of(model.config);
    options.router.capacity_factor = number_of(numbers, "scarce_capacity", 0.5);
    options.router.eval_capacity_factor = 0;
    options.router.bpr = order == kOrders[1];
    DropWatcher watcher(model.config.model.patch, pictures);
    const EvalResult result = watch_test_split(
        model, options, watcher, [&](double share) { return progress((done + share) / 2); },
        [&](const Batch& batch) { watcher.next(batch); });
    watcher.report(order, values);
    values[std::string("scarce/") + order] = 100 * result.accuracy;
    ++done;
  }
  if (pictures) keep_pixels(model, values);
}

Finding analyse_dropped_patches(const RecipeData& data) {
  Finding finding;
  std::vector<std::pair<std::string, int>> columns{{"accuracy", 2}, {"scarce/vanilla", 2}, {"scarce/bpr", 2}};
  const std::vector<double> layers = numbers_in(data, "dropped/vanilla/");
  for (const std::string what : {"dropped/", "ink/"})
    for (const double layer : layers)
      for (const std::string order : kOrders) columns.emplace_back(what + order + "/" + text_of(layer), 2);
  for (const RecipeArm& arm : data.recipe().arms) {
    if (setting_of(arm, "router.k") > 1) continue;  // a token with two choices hardly ever loses both
    for (const double layer : layers) {
      const std::string block = text_of(layer);
      finding.checks.push_back(at_most(
          arm.name + ", block " + block + ": what BPR drops is darker than what vanilla drops (deviations of a pixel)",
          data.paired(arm.name, "ink/bpr/" + block, arm.name, "ink/vanilla/" + block, kDifference), 0, 3));
      if (layer != layers.back()) continue;  // one layer is enough to look at
      for (const std::string order : kOrders) {
        figure::ImageGrid grid = grid_of(data, arm.name, order, static_cast<int64_t>(layer));
        if (grid.images.empty()) continue;
        figure::Panel panel;
        panel.title = (order == kOrders[0] ? "vanilla, block " : "BPR, block ") + block;
        panel.marks.emplace_back(std::move(grid));
        finding.scene.panels.push_back(std::move(panel));
      }
    }
  }
  finding.scene.caption = "Colours are experts; struck-out patches found no place.";
  finding.scene.columns = 2;
  finding.scene.width = 640, finding.scene.height = 260;
  finding.tables.push_back(mean_table(data,
                                      "Dropped: percent of the tokens; ink: brightness of dropped patches over "
                                      "the mean of all; accuracy in percent, trained and where places are scarce",
                                      columns));
  return finding;
}

}  // namespace moescope
