// Scaling and fitting, by hand.
#include "compute/data/resize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/core/error.h"

namespace moescope {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Resize, HalvingWeighsNeighboursByATriangle) {
  // Output pixel 0 lies between inputs 0 and 1 (centre 0.5, reach 2): distances 0.5, 0.5, 1.5 give weights 0.75, 0.75,
  // 0.25, over their sum 1.75:  (0.75*0 + 0.75*70 + 0.25*140) / 1.75 = 50.  Output 1 mirrors it:
  // (0.25*70 + 0.75*140 + 0.75*210) / 1.75 = 160.
  EXPECT_THAT(resize({1, 4, 1, {0, 70, 140, 210}}, 1, 2).values, ElementsAre(50, 160));
  EXPECT_THAT(resize({4, 1, 1, {0, 70, 140, 210}}, 2, 1).values, ElementsAre(50, 160));
}

TEST(Resize, DoublingIsBilinear) {
  // Centres at -0.25, 0.25, 0.75, 1.25: 0, 0.75*0 + 0.25*100, 0.25*0 + 0.75*100, 100.
  EXPECT_THAT(resize({1, 2, 1, {0, 100}}, 1, 4).values, ElementsAre(0, 25, 75, 100));
}

TEST(Resize, OnePixelBecomesAFlatImageAndBack) {
  EXPECT_THAT(resize({1, 1, 3, {10, 20, 30}}, 2, 1).values, ElementsAre(10, 20, 30, 10, 20, 30));
  EXPECT_THAT(resize({3, 5, 1, std::vector<uint8_t>(15, 77)}, 1, 1).values, ElementsAre(77));
}

TEST(Resize, AFlatImageStaysFlat) {
  const ImagePixels flat{37, 23, 3, std::vector<uint8_t>(37 * 23 * 3, 200)};
  for (int64_t side : {1, 7, 22, 36, 64}) EXPECT_THAT(resize(flat, side, side + 3).values, Each(200)) << side;
}

TEST(Resize, ExtentsMustBePositive) {
  EXPECT_THROW(resize({1, 1, 1, {0}}, 0, 3), ShapeError);
  EXPECT_THROW(resize({0, 1, 1, {}}, 3, 3), ShapeError);
}

TEST(ToChannels, GreyAndColour) {
  EXPECT_THAT(to_channels({1, 2, 1, {5, 9}}, 3).values, ElementsAre(5, 5, 5, 9, 9, 9));
  // 0.299*100 + 0.587*200 + 0.114*50 = 29.9 + 117.4 + 5.7 = 153
  EXPECT_THAT(to_channels({1, 1, 3, {100, 200, 50}}, 1).values, ElementsAre(153));
  EXPECT_THROW(to_channels({1, 1, 3, {1, 2, 3}}, 2), ShapeError);
}

TEST(FitTo, CutsTheMiddleOfTheLongerSide) {
  // 1x6 to 1x2: the height fits already, so columns 2 and 3 remain.
  EXPECT_THAT(fit_to({1, 6, 1, {1, 2, 3, 4, 5, 6}}, 1, 2, 1).values, ElementsAre(3, 4));
  EXPECT_THAT(fit_to({6, 1, 1, {1, 2, 3, 4, 5, 6}}, 2, 1, 1).values, ElementsAre(3, 4));
}

TEST(FitTo, PadsOrStretchesWhenAsked) {
  // 2x1 to 2x3: all of it in the middle column, black beside it; or the column three times
  EXPECT_THAT(fit_to({2, 1, 1, {7, 9}}, 2, 3, 1, ImageFit::pad).values, ElementsAre(0, 7, 0, 0, 9, 0));
  EXPECT_THAT(fit_to({2, 1, 1, {7, 9}}, 2, 3, 1, ImageFit::stretch).values, ElementsAre(7, 7, 7, 9, 9, 9));
}

TEST(FitTo, AlwaysGivesWhatWasAskedFor) {
  for (int64_t height : {1, 3, 28, 500}) {
    for (int64_t width : {1, 4, 29, 1000}) {
      const ImagePixels image{height, width, 3, std::vector<uint8_t>(static_cast<size_t>(height * width * 3), 90)};
      const ImagePixels fitted = fit_to(image, 28, 20, 1);
      EXPECT_EQ(fitted.height, 28);
      EXPECT_EQ(fitted.width, 20);
      EXPECT_EQ(fitted.channels, 1);
      EXPECT_EQ(fitted.values, std::vector<uint8_t>(28 * 20, 90)) << height << "x" << width;
      EXPECT_EQ(fit_to(image, 28, 20, 1, ImageFit::pad).values.size(), 28u * 20) << height << "x" << width;
      EXPECT_EQ(fit_to(image, 28, 20, 1, ImageFit::stretch).values, fitted.values) << height << "x" << width;
    }
  }
}

}  // namespace
}  // namespace moescope
