// What of an own image the model sees.
#include "widgets/panels/fit_strip.h"

#include <gtest/gtest.h>

#include "compute/records/test_image.h"
#include "support/ui_demo.h"
#include "support/ui_stage.h"
#include "widgets/panels/gallery.h"

namespace moescope::panels {
namespace {

TEST(FitStrip, ThePartThatIsSeen) {
  const ImagePixels wide{100, 200, 1, {}};
  const ui::Rect crop = seen_part(wide, 28, 28, ImageFit::crop);  // the middle square
  EXPECT_FLOAT_EQ(crop.x, 50);
  EXPECT_FLOAT_EQ(crop.y, 0);
  EXPECT_FLOAT_EQ(crop.w, 100);
  EXPECT_FLOAT_EQ(crop.h, 100);
  const ui::Rect pad = seen_part(wide, 28, 28, ImageFit::pad);  // with 50 rows of nothing above and below
  EXPECT_FLOAT_EQ(pad.x, 0);
  EXPECT_FLOAT_EQ(pad.y, -50);
  EXPECT_FLOAT_EQ(pad.w, 200);
  EXPECT_FLOAT_EQ(pad.h, 200);
  const ui::Rect stretch = seen_part(wide, 28, 28, ImageFit::stretch);
  EXPECT_FLOAT_EQ(stretch.w, 200);
  EXPECT_FLOAT_EQ(stretch.h, 100);
}

TEST(FitStrip, AClickFitsTheImageAnewWhereverItIsWatched) {
  demo::Stage stage(600, 80);
  Seen seen;
  seen.textures = &stage.textures;
  ImageView view;
  view.image = {-1, std::make_shared<const ImagePixels>(demo::image(3, 56)), "shoe.jpg"};
  view.pixels = demo::image(3, 28);
  EXPECT_TRUE(is_refitted(view));
  Selection selection;
  selection.image = view.image, selection.has_image = true;
  selection.pins = {view.image};
  std::vector<Command> out;
  stage.show([&] { draw_fit_strip({10, 10, 580, 48}, seen, view, selection, out); });
  stage.frame();
  stage.click(590 - 30, 34);  // stretch, the last of three
  EXPECT_EQ(selection.image.fit, ImageFit::stretch);
  EXPECT_EQ(selection.pins[0].fit, ImageFit::stretch);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(std::get<Watch>(out[0]).images[0].fit, ImageFit::stretch);
  // The gallery knows the file as it was dropped; the choice stays the image's.
  Gallery::choose(test_image(4), selection, out);
  EXPECT_EQ(selection.image.fit, ImageFit::crop);
  Gallery::choose(view.image, selection, out);
  EXPECT_EQ(selection.image.fit, ImageFit::stretch);
  EXPECT_EQ(std::get<Watch>(out.back()).images[0].fit, ImageFit::stretch);
  view.pixels = demo::image(3, 56);
  EXPECT_FALSE(is_refitted(view));
}

}  // namespace
}  // namespace moescope::panels
