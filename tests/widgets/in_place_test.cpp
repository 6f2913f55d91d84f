// Two pictures in one place: which of them is drawn where, and what a Soft MoE compares.
#include "widgets/panels/in_place.h"

#include <gtest/gtest.h>

#include "support/ui_demo.h"
#include "support/ui_stage.h"
#include "widgets/panels/soft_picture.h"

namespace moescope::panels {
namespace {

const Picture kPicture{{100, 10, 200, 200}, {100, 10, 200, 200}};

struct InPlaceStage : demo::Stage {
  InPlaceStage() {
    show([this] {
      own = other = 0;
      in_place.draw(
          kPicture, [this] { ++own; }, [this] { ++other; });
    });
    frame();
  }
  InPlace in_place;
  int own = 0, other = 0;
};

TEST(InPlace, BlinkingReplacesAndASplitShowsBoth) {
  InPlaceStage stage;
  EXPECT_EQ(stage.own, 1);
  EXPECT_EQ(stage.other, 0);
  EXPECT_FALSE(stage.in_place.is_other(kPicture, 110));
  stage.in_place.blinking = true;
  stage.frame();
  EXPECT_EQ(stage.own, 0);
  EXPECT_EQ(stage.other, 1);
  EXPECT_TRUE(stage.in_place.is_other(kPicture, 290));
  stage.in_place.blinking = false, stage.in_place.show_split = true;
  stage.frame();
  EXPECT_EQ(stage.own + stage.other, 2);
  EXPECT_TRUE(stage.in_place.is_other(kPicture, 199));  // left of the middle
  EXPECT_FALSE(stage.in_place.is_other(kPicture, 201));
}

TEST(InPlace, TheLineIsDragged) {
  InPlaceStage stage;
  stage.in_place.show_split = true;
  stage.frame();
  stage.drag(200, 100, 150, 100);
  EXPECT_NEAR(stage.in_place.line, 0.25f, 0.02f);  // 50 of 200 right of the left end
}

/// Keeps the values of each heat map of a frame.
struct Recorder : demo::NoTextures {
  ImTextureID heat_map(uint64_t key, uint64_t version, const ui::HeatValues& heat) override {
    keys.push_back(key);
    maps.emplace_back(heat.values.begin(), heat.values.end());
    return NoTextures::heat_map(key, version, heat);
  }
  std::vector<uint64_t> keys;
  std::vector<std::vector<float>> maps;
};

TEST(InPlace, ASoftRouterComparesCombineWithDispatchOrBothWithTheModelAsItIs) {
  demo::Stage stage(900, 500);
  Recorder recorder;
  Snapshot snapshot = demo::snapshot(RouterKind::soft, 100);
  Seen seen;
  seen.snapshot = &snapshot;
  seen.textures = &recorder;
  Selection selection;
  selection.image = snapshot.images.front().image, selection.has_image = true, selection.layer = 4;
  const ImageView& view = snapshot.images.front();
  const RoutingMap* map = find_map(view, selection.layer);
  ASSERT_TRUE(map);
  const int64_t slot = SoftPicture::shown_slot(*map, selection);
  SoftPicture picture;
  InPlace in_place;
  stage.show([&] { picture.draw_ui({10, 10, 880, 480}, seen, view, *map, in_place, selection); });
  const auto draw = [&] {
    recorder.keys.clear(), recorder.maps.clear();
    stage.frame();
    recorder.keys.clear(), recorder.maps.clear();
    stage.frame();
  };
  const auto values = [&](const RoutingMap& of, auto&& times) {
    std::vector<float> all;
    for (int64_t patch = 0; patch < num_patches(of); ++patch) all.push_back(times(of, token_of_patch(of, patch), slot));
    return all;
  };
  draw();
  ASSERT_EQ(recorder.maps.size(), 3u);  // dispatch, combine, the strip of all slots
  EXPECT_EQ(recorder.maps[0], values(*map, dispatch_times));
  EXPECT_EQ(recorder.maps[1], values(*map, combine_times));

  in_place.show_split = true;
  draw();
  ASSERT_EQ(recorder.maps.size(), 4u);
  EXPECT_EQ(recorder.maps[1], values(*map, combine_times));
  EXPECT_EQ(recorder.maps[2], values(*map, dispatch_times));  // left of the line
  EXPECT_NE(recorder.keys[0], recorder.keys[2]);              // two textures of one frame

  Look look;
  look.request.what_if.temperature = selection.asking.lasting.temperature = 2;
  look.images.resize(1);
  look.images[0].as_is = look.images[0].changed = view;
  for (RoutingMap& one : look.images[0].as_is.routing)
    for (float& weight : one.dispatch) weight /= 2;
  const RoutingMap* as_is = find_map(look.images[0].as_is, selection.layer);
  seen.look = &look;
  draw();
  ASSERT_EQ(recorder.maps.size(), 5u);
  EXPECT_EQ(recorder.maps[0], values(*map, dispatch_times));
  EXPECT_EQ(recorder.maps[1], values(*as_is, dispatch_times));
  EXPECT_EQ(recorder.maps[3], values(*as_is, combine_times));
}

}  // namespace
}  // namespace moescope::panels
