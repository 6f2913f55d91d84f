// Counting pixel values.
#include "widgets/panels/pixel_histogram.h"

#include <gtest/gtest.h>

namespace moescope::panels {
namespace {

TEST(PixelHistogram, CountsAPartAsSharesOfItsPixels) {
  // 2 x 4 pixels: the left half is 0, 0, 0, 8, the right half 255.
  const ImagePixels pixels{2, 4, 1, {0, 0, 255, 255, 0, 8, 255, 255}};
  const PixelHistogram left = pixel_histogram(pixels, 0, 0, 2, 2);
  EXPECT_FLOAT_EQ(left.shares[0], 0.75f);
  EXPECT_FLOAT_EQ(left.shares[1], 0.25f);  // 8 is the first value of the second bin of eight
  EXPECT_DOUBLE_EQ(left.mean, 2);
  EXPECT_EQ(left.lowest, 0);
  EXPECT_EQ(left.highest, 8);
  const PixelHistogram all = pixel_histogram(pixels, 0, 0, 2, 4);
  EXPECT_FLOAT_EQ(all.shares.back(), 0.5f);
  EXPECT_EQ(all.highest, 255);
}

TEST(PixelHistogram, APartBeyondTheEdgeIsCutOff) {
  const ImagePixels pixels{1, 2, 1, {10, 20}};
  EXPECT_DOUBLE_EQ(pixel_histogram(pixels, 0, 1, 5, 5).mean, 20);
}

}  // namespace
}  // namespace moescope::panels
