// Edits of a small image, pixel by pixel.
#include "compute/data/image_edits.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace moescope {
namespace {

/// 4 x 4 grey, values 0 to 15.
ImagePixels counting() {
  ImagePixels image{4, 4, 1, {}};
  for (uint8_t i = 0; i < 16; ++i) image.values.push_back(i);
  return image;
}

TEST(Edited, APatchIsFilled) {
  const ImagePixels image = edited(counting(), {OccludePatch{3, 99}}, 2, 2);  // the lower right one
  EXPECT_EQ(image.values, (std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99, 99, 12, 13, 99, 99}));
}

TEST(Edited, WhatIsShiftedOutIsLostAndBlackComesIn) {
  const ImagePixels image = edited(counting(), {ShiftImage{1, -1}}, 2, 2);
  EXPECT_EQ(image.values, (std::vector<uint8_t>{0, 4, 5, 6, 0, 8, 9, 10, 0, 12, 13, 14, 0, 0, 0, 0}));
}

TEST(Edited, ASpotAtTheEdgeStaysInside) {
  const ImagePixels image = edited(counting(), {PaintSpot{0, 0, 1, {200, 1, 2}}}, 2, 2);
  EXPECT_EQ(image.values, (std::vector<uint8_t>{200, 200, 2, 3, 200, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
}

TEST(Edited, NoiseIsAFunctionOfItsSeedAndStaysInRange) {
  ImagePixels white{20, 20, 1, std::vector<uint8_t>(400, 250)};
  const auto noisy = [&](uint64_t seed) { return edited(white, {AddNoise{20, seed}}, 2, 10).values; };
  EXPECT_EQ(noisy(1), noisy(1));
  EXPECT_NE(noisy(1), noisy(2));
  const auto values = noisy(1);
  EXPECT_GT(std::count(values.begin(), values.end(), 255), 0) << "nothing wraps around to black";
  double sum = 0;
  for (const uint8_t value : noisy(1)) sum += value;
  EXPECT_GT(sum / 400, 230) << "clipped at white, so below 250, but no value is small";
}

TEST(Edited, EditsFollowEachOther) {
  const ImagePixels image = edited(counting(), {OccludePatch{0, 50}, ShiftImage{2, 0}}, 2, 2);
  EXPECT_EQ(image.values, (std::vector<uint8_t>{0, 0, 50, 50, 0, 0, 50, 50, 0, 0, 8, 9, 0, 0, 12, 13}));
}

}  // namespace
}  // namespace moescope
