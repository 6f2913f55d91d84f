// Looking at images: what a view holds, that images do not disturb each other, and what cannot be looked at.
#include "compute/train/watch.h"

#include <gtest/gtest.h>

#include <numeric>

#include "compute/core/error.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

struct Looker {
  explicit Looker(const RunConfig& c)
      : config(c),
        dataset(std::make_shared<SyntheticDataset>()),
        model(c, ImageShape{8, 8, 1, 4}),
        watcher(dataset, c.data.scale) {
    model.parameters().allocate(host_memory(), 5);
  }
  std::vector<ImageView> look() { return watcher.look(model, config.router, 7); }
  RunConfig config;
  std::shared_ptr<const Dataset> dataset;
  VisionTransformer model;
  Watcher watcher;
};

TEST(Watcher, AViewSaysWhatTheModelSeesAndWhereItsPatchesGo) {
  Looker looker(tiny_config());
  looker.watcher.watch({{6, nullptr, "test 6"}}, -1);
  const auto views = looker.look();
  ASSERT_EQ(views.size(), 1u);
  const ImageView& view = views[0];
  EXPECT_EQ(view.label, 2);
  EXPECT_EQ(view.step, 7);
  EXPECT_EQ(view.pixels.values, looker.dataset->image(Split::test, 6).values);
  ASSERT_EQ(view.probabilities.size(), 4u);
  EXPECT_NEAR(std::accumulate(view.probabilities.begin(), view.probabilities.end(), 0.0), 1, 1e-6);  // float rounding
  ASSERT_EQ(view.routing.size(), 1u);
  const RoutingMap& map = view.routing[0];
  EXPECT_EQ(map.layer, 1);
  EXPECT_EQ(map.step, 7);
  EXPECT_EQ(map.token_set, "test 6, its 16 tokens; routed in a group of 1 image");
  EXPECT_EQ(map.grid_height, 4);
  EXPECT_EQ(map.grid_width, 4);
  EXPECT_FALSE(map.has_class_token);
  EXPECT_EQ(map.combine.size(), 16u * 8u) << "16 tokens, 4 experts with 2 slots";
}

TEST(Watcher, AViewDoesNotDependOnTheOtherImages) {
  RunConfig config = tiny_config(RouterKind::tokens_choice);
  config.router.group_images = 8;  // in training; a view is routed alone
  config.router.capacity_factor = 0.5;
  Looker looker(config);
  looker.watcher.watch({{1, nullptr, "test 1"}}, -1);
  const auto alone = looker.look();
  looker.watcher.watch({{9, nullptr, "test 9"}, {1, nullptr, "test 1"}, {3, nullptr, "test 3"}}, -1);
  const auto among = looker.look();
  ASSERT_EQ(among.size(), 3u);
  EXPECT_EQ(among[1].routing[0].expert, alone[0].routing[0].expert);
  EXPECT_EQ(among[1].routing[0].drop, alone[0].routing[0].drop);
  for (size_t c = 0; c < 4; ++c)
    EXPECT_NEAR(among[1].probabilities[c], alone[0].probabilities[c], 1e-6);  // float rounding
}

TEST(Watcher, OnlyTheAskedLayerIsMapped) {
  RunConfig config = tiny_config();
  config.model.moe_blocks = 2;
  Looker looker(config);
  looker.watcher.watch({{0, nullptr, "test 0"}}, -1);
  EXPECT_EQ(looker.look()[0].routing.size(), 2u);
  looker.watcher.watch({{0, nullptr, "test 0"}}, 0);
  const auto views = looker.look();
  ASSERT_EQ(views[0].routing.size(), 1u);
  EXPECT_EQ(views[0].routing[0].layer, 0);
}

TEST(Watcher, ASwitchedOffExpertTakesNothing) {
  RunConfig config = tiny_config(RouterKind::tokens_choice);
  config.router.capacity_factor = 4;
  Looker looker(config);
  looker.watcher.watch({{0, nullptr, "test 0"}}, -1);
  const int32_t busy = looker.look()[0].routing[0].expert[0];
  WhatIf off;
  off.off = {{1, busy}};
  const auto views = looker.watcher.look(looker.model, config.router, off, 7);
  const RoutingMap& map = views[0].routing[0];
  EXPECT_EQ(map.expert_off[static_cast<size_t>(busy)], 1);
  for (size_t t = 0; t < 16; ++t) { EXPECT_TRUE(map.expert[t] != busy || map.drop[t] == DropReason::expert_off) << t; }
}

TEST(Watcher, OnesOwnImageIsFittedToTheDataSet) {
  Looker looker(tiny_config());
  auto photo = std::make_shared<ImagePixels>();
  photo->height = 20, photo->width = 30, photo->channels = 3;
  photo->values.assign(20 * 30 * 3, 200);
  looker.watcher.watch({{-1, photo, "photo.png"}}, -1);
  const auto views = looker.look();
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].label, -1);
  EXPECT_EQ(views[0].pixels.values, std::vector<uint8_t>(64, 200));
}

TEST(Watcher, WhatCannotBeLookedAtIsRefusedAndTheOldViewStays) {
  Looker looker(tiny_config());
  looker.watcher.watch({{0, nullptr, "test 0"}}, -1);
  EXPECT_THROW(looker.watcher.watch({{64, nullptr, "test 64"}}, -1), ConfigError);
  EXPECT_THROW(looker.watcher.watch({{-1, nullptr, "nothing"}}, -1), ConfigError);
  EXPECT_THROW(looker.watcher.watch({{-1, std::make_shared<ImagePixels>(), "empty.png"}}, -1), ConfigError);
  EXPECT_EQ(looker.look().size(), 1u);
}

}  // namespace
}  // namespace moescope
