// Scenes are drawn when asked for: some microseconds each, nothing stored but Fashion-MNIST itself.
#include "compute/data/fashion_scenes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "compute/core/rng.h"
#include "compute/data/content_hash.h"
#include "compute/data/fashion_mnist.h"
#include "compute/data/pixel_statistics.h"

namespace moescope {
namespace {

constexpr int64_t kNumClasses = 10;
constexpr int64_t kMaxItems = 64;
constexpr uint64_t kScenesSeed = 0;  // part of the data set's definition
constexpr int64_t kVersion = 1;      // raise when the drawing changes: old runs then show another hash

class FashionScenes final : public Dataset {
 public:
  explicit FashionScenes(const DataConfig& config)
      : num_items_(config.items_per_scene), side_(config.image_size > 0 ? config.image_size : kSceneSide) {
    for (Split split : {Split::train, Split::test}) add_split(read_fashion_mnist(config, split), split);
    check_fit();
    info_.name = "Fashion Scenes";
    info_.height = info_.width = side_;
    info_.channels = 1;
    info_.class_names = fashion_class_names();
    info_.num_train = limited(part(Split::train).source.size(), config.train_limit);
    info_.num_test = limited(part(Split::test).source.size(), config.test_limit);
    ContentHash hash;
    for (const Part& p : parts_) {
      hash.add(p.source.pixels.data(), p.source.pixels.size());
      hash.add(p.source.labels.data(), p.source.labels.size() * sizeof(int32_t));
    }
    for (int64_t number : {kVersion, num_items_, side_, info_.num_train, info_.num_test}) hash.add(number);
    info_.content_hash = hash.hex();
    measure_pixels(*this, info_.mean, info_.std);
  }

  int32_t label(Split split, int64_t i) const override {
    Rng rng(kScenesSeed, RngPurpose::scenes, static_cast<uint64_t>(split), static_cast<uint64_t>(i));
    return draw_label(split, rng);
  }

  const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>& scratch) const override {
    scratch.assign(static_cast<size_t>(side_ * side_), 0);
    std::array<SceneItem, kMaxItems> items;
    draw_items(split, i, items.data());
    for (int64_t n = 0; n < num_items_; ++n) {
      const SceneItem& item = items[static_cast<size_t>(n)];
      const uint8_t* source = item_pixels(split, item);
      for (int64_t y = 0; y < item_side_; ++y) {
        uint8_t* row = scratch.data() + (item.top + y) * side_ + item.left;
        for (int64_t x = 0; x < item_side_; ++x) row[x] = std::max(row[x], source[y * item_side_ + x]);
      }
    }
    return scratch.data();
  }

  std::vector<int32_t> patch_labels(Split split, int64_t i, int64_t patch) const override {
    if (patch < 1 || side_ % patch != 0) {
      throw ConfigError("model.patch = " + std::to_string(patch) + " does not divide the scenes' " +
                        std::to_string(side_) + " pixels: choose a divisor or change data.image_size");
    }
    std::array<SceneItem, kMaxItems> items;
    draw_items(split, i, items.data());
    const int64_t grid = side_ / patch;
    std::vector<std::array<int32_t, kNumClasses>> covered(static_cast<size_t>(grid * grid));  // pixels by class
    count_visible(split, items.data(), patch, covered);
    std::vector<int32_t> labels;
    for (const auto& counts : covered) {
      const auto most = std::max_element(counts.begin(), counts.end());
      labels.push_back(*most > 0 ? static_cast<int32_t>(most - counts.begin()) : -1);
    }
    return labels;
  }

  std::vector<SceneItem> items(Split split, int64_t i) const {
    std::vector<SceneItem> out(static_cast<size_t>(num_items_));
    draw_items(split, i, out.data());
    return out;
  }

 private:
  struct Part {
    ResidentSplit source;
    std::array<std::vector<int32_t>, kNumClasses> by_class;
  };

  const Part& part(Split split) const { return parts_[static_cast<size_t>(split)]; }

  static int64_t limited(int64_t count, int64_t limit) { return limit > 0 ? std::min(count, limit) : count; }

  void add_split(FashionMnistSplit read, Split split) {
    if (read.height != read.width || (item_side_ != 0 && read.height != item_side_)) {
      throw DataError("Fashion Scenes needs square items of one size but its " + std::string(split_name(split)) +
                      " images are " + std::to_string(read.height) + "x" + std::to_string(read.width) +
                      ": set data.path to the folder of Fashion-MNIST");
    }
    item_side_ = read.height;
    Part& p = parts_[static_cast<size_t>(split)];
    p.source = std::move(read.data);
    for (size_t n = 0; n < p.source.labels.size(); ++n) {
      p.by_class[static_cast<size_t>(p.source.labels[n])].push_back(static_cast<int32_t>(n));
    }
    for (size_t c = 0; c < kNumClasses; ++c) {
      if (p.by_class[c].empty()) {
        throw DataError("Fashion Scenes needs items of all ten classes but the " + std::string(split_name(split)) +
                        " images hold none of class " + std::to_string(c) +
                        ": set data.path to the folder of Fashion-MNIST");
      }
    }
  }

  void check_fit() {
    if (num_items_ < 1 || num_items_ > kMaxItems) {
      throw ConfigError("data.items_per_scene = " + std::to_string(num_items_) + " is outside 1 to " +
                        std::to_string(kMaxItems) + ": set it within");
    }
    columns_ = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(num_items_))));
    rows_ = (num_items_ + columns_ - 1) / columns_;
    const int64_t needed = std::max(item_side_, columns_ * item_side_ * 3 / 4);
    if (side_ < needed) {
      throw ConfigError("data.items_per_scene = " + std::to_string(num_items_) + " needs a canvas of at least " +
                        std::to_string(needed) + " pixels but data.image_size is " + std::to_string(side_) +
                        ": set data.image_size to " + std::to_string(needed) + " or more, or place fewer items");
    }
  }

  /// The first draw of a scene's stream: its class.
  static int32_t draw_label(Split, Rng& rng) { return static_cast<int32_t>(rng.below(kNumClasses)); }

  void draw_items(Split split, int64_t i, SceneItem* out) const {
    Rng rng(kScenesSeed, RngPurpose::scenes, static_cast<uint64_t>(split), static_cast<uint64_t>(i));
    const int32_t label = draw_label(split, rng);
    const int64_t num_label = std::min(num_items_, std::max<int64_t>(2, (num_items_ + 2) / 3));
    std::array<int64_t, kNumClasses> used{};
    for (int64_t n = 0; n < num_items_; ++n) {
      int32_t c = label;
      if (n >= num_label) {
        do c = static_cast<int32_t>(rng.below(kNumClasses));
        while (c == label || used[static_cast<size_t>(c)] + 1 >= num_label);
      }
      ++used[static_cast<size_t>(c)];
      const std::vector<int32_t>& candidates = part(split).by_class[static_cast<size_t>(c)];
      out[n].source = candidates[static_cast<size_t>(rng.below(static_cast<int64_t>(candidates.size())))];
      out[n].label = c;
    }
    draw_places(rng, out);
  }

  void draw_places(Rng& rng, SceneItem* out) const {
    std::array<int32_t, 2 * kMaxItems> cells;
    rng.permutation(cells.data(), rows_ * columns_);
    for (int64_t n = 0; n < num_items_; ++n) {
      const int64_t cell = cells[static_cast<size_t>(n)];
      out[n].top = draw_offset(rng, cell / columns_, rows_);
      out[n].left = draw_offset(rng, cell % columns_, columns_);
    }
  }

  /// Along one axis: the middle of cell `index` of `count`, moved at random, kept on the canvas.
  int64_t draw_offset(Rng& rng, int64_t index, int64_t count) const {
    const int64_t begin = index * side_ / count, end = (index + 1) * side_ / count, spare = end - begin - item_side_;
    const int64_t reach = std::max<int64_t>(0, spare) / 2 + 2;
    return std::clamp<int64_t>(begin + spare / 2 + rng.below(2 * reach + 1) - reach, 0, side_ - item_side_);
  }

  const uint8_t* item_pixels(Split split, const SceneItem& item) const {
    return part(split).source.pixels.data() + item.source * item_side_ * item_side_;
  }

  /// Adds each visible pixel to the class of the item that shows there: the brightest, the first of equals.
  void count_visible(Split split, const SceneItem* items, int64_t patch,
                     std::vector<std::array<int32_t, kNumClasses>>& covered) const {
    std::vector<uint8_t> canvas(static_cast<size_t>(side_ * side_), kVisible - 1);
    std::vector<int8_t> owner(canvas.size(), -1);
    for (int64_t n = 0; n < num_items_; ++n) {
      const uint8_t* source = item_pixels(split, items[n]);
      for (int64_t p = 0; p < item_side_ * item_side_; ++p) {
        const auto at = static_cast<size_t>((items[n].top + p / item_side_) * side_ + items[n].left + p % item_side_);
        if (source[p] <= canvas[at]) continue;
        canvas[at] = source[p];
        owner[at] = static_cast<int8_t>(items[n].label);
      }
    }
    for (int64_t p = 0; p < side_ * side_; ++p) {
      const int8_t label = owner[static_cast<size_t>(p)];
      const int64_t cell = p / side_ / patch * (side_ / patch) + p % side_ / patch;
      if (label >= 0) ++covered[static_cast<size_t>(cell)][static_cast<size_t>(label)];
    }
  }

  std::array<Part, 2> parts_;
  int64_t num_items_, side_, item_side_ = 0;
  int64_t rows_ = 1, columns_ = 1;  // of the grid
};

}  // namespace

std::shared_ptr<const Dataset> open_fashion_scenes(const DataConfig& config) {
  return std::make_shared<FashionScenes>(config);
}

std::vector<SceneItem> scene_items(const Dataset& scenes, Split split, int64_t i) {
  return dynamic_cast<const FashionScenes&>(scenes).items(split, i);
}

}  // namespace moescope
