// Fashion Scenes: its labels must be true, for routing purity is measured against them.
#include "compute/data/fashion_scenes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "compute/data/fashion_mnist.h"
#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Scenes of 8x8 items, item i of brightness 20 + i throughout, class i mod 10.
class FashionScenesTest : public testing::Test {
 protected:
  FashionScenesTest() {
    write_small_fashion(folder_, 40, 20, 8);
    config_.dataset = DatasetKind::fashion_scenes;
    config_.path = folder_.path();
    config_.image_size = 24;
  }
  TempFolder folder_;
  DataConfig config_;
};

TEST_F(FashionScenesTest, TheLabelIsTheClassThatOccursMostOften) {
  for (int64_t items : {1, 2, 3, 4, 7, 9}) {
    config_.items_per_scene = items;
    const auto scenes = open_dataset(config_);
    for (int64_t i = 0; i < 40; ++i) {
      std::map<int32_t, int64_t> count;
      for (const SceneItem& item : scene_items(*scenes, Split::train, i)) ++count[item.label];
      const int32_t label = scenes->label(Split::train, i);
      EXPECT_GE(count[label], std::min<int64_t>(items, 2));
      for (const auto& [other, n] : count)
        EXPECT_TRUE(other == label || n < count[label]) << items << " items, scene " << i;
    }
  }
}

TEST_F(FashionScenesTest, ItemsStayOnTheCanvasAndShowTheirPixels) {
  const auto scenes = open_dataset(config_);
  for (int64_t i = 0; i < 40; ++i) {
    const ImagePixels image = scenes->image(Split::train, i);
    std::vector<uint8_t> expected(24 * 24, 0);
    for (const SceneItem& item : scene_items(*scenes, Split::train, i)) {
      ASSERT_TRUE(item.top >= 0 && item.left >= 0 && item.top + 8 <= 24 && item.left + 8 <= 24);
      EXPECT_EQ(item.label, item.source % 10);
      for (int64_t y = item.top; y < item.top + 8; ++y) {
        for (int64_t x = item.left; x < item.left + 8; ++x) {
          uint8_t& pixel = expected[static_cast<size_t>(y * 24 + x)];
          pixel = std::max(pixel, static_cast<uint8_t>(20 + item.source));
        }
      }
    }
    EXPECT_EQ(image.values, expected);
  }
}

TEST_F(FashionScenesTest, APatchBelongsToTheClassThatCoversMostOfIt) {
  const auto scenes = open_dataset(config_);
  for (int64_t i = 0; i < 20; ++i) {
    const ImagePixels image = scenes->image(Split::test, i);
    const std::vector<int32_t> labels = scenes->patch_labels(Split::test, i, 4);
    ASSERT_EQ(labels.size(), 36u);
    for (int64_t patch = 0; patch < 36; ++patch) {
      std::map<int32_t, int> count;  // brightness says which item it is: 20 + source
      for (int64_t p = 0; p < 16; ++p) {
        const int64_t y = patch / 6 * 4 + p / 4, x = patch % 6 * 4 + p % 4;
        const int brightness = image.values[static_cast<size_t>(y * 24 + x)];
        if (brightness > 0) ++count[(brightness - 20) % 10];
      }
      const int32_t label = labels[static_cast<size_t>(patch)];
      if (count.empty()) {
        EXPECT_EQ(label, -1);
      } else {
        for (const auto& [other, n] : count) EXPECT_LE(n, count[label]) << "scene " << i << " patch " << patch;
      }
    }
  }
}

TEST_F(FashionScenesTest, FaintPixelsAreBackground) {
  FileBytes labels;
  for (uint8_t i = 0; i < 20; ++i) labels.push_back(i % 10);
  write_gz(folder_ / "t10k-images-idx3-ubyte.gz", idx_bytes({20, 8, 8}, FileBytes(20 * 64, kVisible - 1)));
  EXPECT_THAT(open_dataset(config_)->patch_labels(Split::test, 0, 4), testing::Each(-1));
  write_gz(folder_ / "t10k-images-idx3-ubyte.gz", idx_bytes({20, 8, 8}, FileBytes(20 * 64, kVisible)));
  EXPECT_THAT(open_dataset(config_)->patch_labels(Split::test, 0, 4), testing::Contains(testing::Ge(0)));
}

TEST_F(FashionScenesTest, AreTheSameEachTimeAndDifferFromEachOther) {
  const auto a = open_dataset(config_), b = open_dataset(config_);
  EXPECT_EQ(a->info().content_hash, b->info().content_hash);
  EXPECT_EQ(a->image(Split::train, 7).values, b->image(Split::train, 7).values);
  EXPECT_NE(a->image(Split::train, 7).values, a->image(Split::train, 8).values);
  config_.items_per_scene = 3;
  EXPECT_NE(open_dataset(config_)->info().content_hash, a->info().content_hash);
}

TEST_F(FashionScenesTest, MeanAndDeviationAreThoseOfItsPixels) {
  const auto scenes = open_dataset(config_);
  double sum = 0, square = 0;
  for (int64_t i = 0; i < 40; ++i) {
    for (uint8_t v : scenes->image(Split::train, i).values) sum += v / 255.0, square += v / 255.0 * v / 255.0;
  }
  const double mean = sum / (40 * 576);
  EXPECT_NEAR(scenes->info().mean[0], mean, 1e-6);  // float rounding
  EXPECT_NEAR(scenes->info().std[0], std::sqrt(square / (40 * 576) - mean * mean), 1e-6);
}

TEST_F(FashionScenesTest, TooManyItemsForTheCanvasAreRefused) {
  config_.items_per_scene = 25;  // five a row of 3/4 * 8 = 6 pixels each: 30
  EXPECT_THAT(message_of<ConfigError>([&] { open_dataset(config_); }),
              AllOf(HasSubstr("data.items_per_scene = 25"), HasSubstr("at least 30 pixels")));
  config_.image_size = 30;
  EXPECT_NO_THROW(open_dataset(config_));
}

TEST_F(FashionScenesTest, APatchMustDivideTheCanvas) {
  const auto scenes = open_dataset(config_);
  EXPECT_THAT(message_of<ConfigError>([&] { scenes->patch_labels(Split::test, 0, 7); }), HasSubstr("model.patch = 7"));
}

TEST_F(FashionScenesTest, AClassWithoutItemsIsRefused) {
  write_gz(folder_ / "t10k-labels-idx1-ubyte.gz", idx_bytes({20}, FileBytes(20, 3)));
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config_); }), AllOf(HasSubstr("test"), HasSubstr("class 0")));
}

}  // namespace
}  // namespace moescope
