// Zoom and pan, to the pixel.
#include "widgets/panels/zoom.h"

#include <gtest/gtest.h>

#include "support/ui_demo.h"
#include "support/ui_stage.h"

namespace moescope::panels {
namespace {

using ui::Rect;

const ImagePixels kImage = demo::image(3, 28);

TEST(Zoom, APixelKeepsAWholeNumberOfScreenPixels) {
  const Rect frame{100, 50, 252, 252};  // nine a pixel
  Zoom zoom;
  EXPECT_FLOAT_EQ(zoomed(frame, kImage, zoom).content.w, 252);
  zoom.times = 1.7f;  // 15.3 a pixel
  const Picture picture = zoomed(frame, kImage, zoom);
  EXPECT_FLOAT_EQ(picture.content.w, 28 * 15);
  EXPECT_FLOAT_EQ(picture.content.x + picture.content.w / 2, frame.x + frame.w / 2);
  zoom.center_x = 0;  // the corner: the frame stays filled
  EXPECT_FLOAT_EQ(zoomed(frame, kImage, zoom).content.x, frame.x);
}

struct Hand : demo::Stage {
  Hand() : Stage(600, 400) {
    show([this] {
      const Picture now = zoomed(frame_area, kImage, zoom);
      pixel = pixel_under_mouse(now, kImage);
      clicks += clicked(now);
      take_mouse(now, kImage, zoom);
    });
    frame();
  }
  void wheel(float by) {
    ImGui::GetIO().MouseWheel = by;
    frame();
  }
  const Rect frame_area{100, 50, 280, 280};  // ten a pixel
  Zoom zoom;
  PixelPlace pixel;
  int clicks = 0;
};

TEST(Zoom, TheWheelKeepsThePixelUnderTheMouse) {
  Hand hand;
  hand.move(100 + 205, 50 + 75);
  EXPECT_EQ(hand.pixel.row, 7);
  EXPECT_EQ(hand.pixel.column, 20);
  for (int i = 0; i < 5; ++i) hand.wheel(1);
  hand.frame();
  EXPECT_GT(hand.zoom.times, 2.9f);
  EXPECT_EQ(hand.pixel.row, 7);
  EXPECT_EQ(hand.pixel.column, 20);
  for (int i = 0; i < 40; ++i) hand.wheel(1);
  EXPECT_FLOAT_EQ(zoomed(hand.frame_area, kImage, hand.zoom).content.w, 28 * 96);  // and no further
  for (int i = 0; i < 60; ++i) hand.wheel(-1);
  EXPECT_TRUE(hand.zoom.is_fitted());
}

TEST(Zoom, ADragMovesAndAClickDoesNot) {
  Hand hand;
  hand.zoom = {2, 0.5f, 0.5f, false};
  hand.drag(200, 200, 256, 200);  // to the right: what lies left comes into view
  EXPECT_EQ(hand.clicks, 0);
  EXPECT_NEAR(hand.zoom.center_x, 0.5f - 56.f / 560, 1e-4);
  EXPECT_FLOAT_EQ(hand.zoom.center_y, 0.5f);
  hand.click(200, 200);
  EXPECT_EQ(hand.clicks, 1);
  EXPECT_FALSE(hand.zoom.dragging);
  hand.click(20, 20);  // beside the picture
  EXPECT_EQ(hand.clicks, 1);
}

TEST(Zoom, APixelReadsItsValues) {
  ImagePixels pixels{1, 2, 3, {1, 2, 3, 40, 50, 60}};
  EXPECT_EQ(pixel_text(pixels, {0, 1}), "(0, 1) 40 50 60");
  EXPECT_EQ(pixel_text(pixels, {}), "");
}

}  // namespace
}  // namespace moescope::panels
