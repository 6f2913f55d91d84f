// Augmentation, with the arithmetic written out.
#include "compute/data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

DatasetInfo grey() {
  DatasetInfo info;
  info.channels = 1;
  info.mean = {0.5f};
  info.std = {0.25f};
  return info;
}

/// A table that leaves bytes as they are, for one channel: mean 0, deviation 1/255.
Normalizer bytes_as_they_are(int64_t channels = 1) {
  DatasetInfo info;
  info.channels = channels;
  info.mean.assign(static_cast<size_t>(channels), 0.0f);
  info.std.assign(static_cast<size_t>(channels), 1.0f / 255);
  return Normalizer(info, PixelScale::standardize);
}

std::vector<float> placed(const std::vector<uint8_t>& in, int64_t height, int64_t width, Placement placement,
                          int64_t channels = 1) {
  std::vector<float> out(in.size(), -1);
  place(in.data(), height, width, placement, bytes_as_they_are(channels), out.data());
  for (float& v : out) v = std::round(v);  // 1/255 is no float
  return out;
}

TEST(Normalizer, StandardizesByMeanAndDeviation) {
  const Normalizer normalizer(grey(), PixelScale::standardize);
  EXPECT_FLOAT_EQ(normalizer.value(0, 255), 2.0f);  // (1 - 0.5) / 0.25
  EXPECT_FLOAT_EQ(normalizer.value(0, 0), -2.0f);   // (0 - 0.5) / 0.25
  EXPECT_FLOAT_EQ(normalizer.value(0, 51), -1.2f);  // (0.2 - 0.5) / 0.25
}

TEST(Normalizer, UnitRangeIgnoresThem) {
  const Normalizer normalizer(grey(), PixelScale::unit_range);
  EXPECT_FLOAT_EQ(normalizer.value(0, 0), -1.0f);
  EXPECT_FLOAT_EQ(normalizer.value(0, 255), 1.0f);
  EXPECT_FLOAT_EQ(normalizer.value(0, 51), -0.6f);  // 2 * 0.2 - 1
}

TEST(Normalizer, EachChannelHasItsOwn) {
  DatasetInfo info;
  info.channels = 3;
  info.mean = {0, 0.2f, 1};
  info.std = {1, 1, 0.5f};
  const uint8_t pixel[3] = {255, 255, 255};
  float out[3];
  Normalizer(info, PixelScale::standardize).apply(pixel, 1, out);
  EXPECT_THAT(out, ElementsAre(FloatEq(1), FloatEq(0.8f), FloatEq(0)));
}

TEST(Place, MovesAndFillsWithBlack) {
  // 1 2 3     0 0 0
  // 4 5 6  -> 0 1 2   one down, one to the right
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 2, 3, {1, 1, false}), ElementsAre(0, 0, 0, 0, 1, 2));
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 2, 3, {-1, -2, false}), ElementsAre(6, 0, 0, 0, 0, 0));
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 2, 3, {5, 0, false}), ElementsAre(0, 0, 0, 0, 0, 0));  // all the way out
}

TEST(Place, MirrorsAfterMoving) {
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 2, 3, {0, 0, true}), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 2, 3, {0, 1, true}), ElementsAre(2, 1, 0, 5, 4, 0));  // 0 1 2 mirrored
}

TEST(Place, KeepsTheChannelsOfAPixelTogether) {
  EXPECT_THAT(placed({1, 2, 3, 4, 5, 6}, 1, 2, {0, 0, true}, 3), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(placed({1, 2, 3, 4}, 1, 2, {0, 0, true}, 2), ElementsAre(3, 4, 1, 2));
}

TEST(DrawPlacement, CoversItsRangeAndNoMore) {
  const Augmentation augmentation{.flip = true, .shift = 1, .crop = 2};
  std::map<int64_t, int> down, right, mirrored;
  for (uint64_t i = 0; i < 2000; ++i) {
    Rng rng(1, RngPurpose::augment, 0, i);
    const Placement placement = draw_placement(augmentation, rng);
    ++down[placement.down], ++right[placement.right], ++mirrored[placement.mirrored];
  }
  EXPECT_EQ(down.begin()->first, -3);  // shift 1 and crop 2 add up
  EXPECT_EQ(down.rbegin()->first, 3);
  EXPECT_EQ(right.size(), 7u);
  EXPECT_NEAR(mirrored[1], 1000, 112);  // 5 standard deviations of a binomial (2000, 1/2)
}

TEST(DrawPlacement, OneKnobLeavesTheDrawsOfAnotherAlone) {
  for (uint64_t i = 0; i < 100; ++i) {
    Rng a(1, RngPurpose::augment, 3, i), b(1, RngPurpose::augment, 3, i), c(1, RngPurpose::augment, 3, i);
    const Placement plain = draw_placement({.flip = true}, a), moved = draw_placement({.flip = true, .shift = 2}, b),
                    unmirrored = draw_placement({.flip = false, .shift = 2}, c);
    EXPECT_EQ(plain.mirrored, moved.mirrored);
    EXPECT_EQ(plain.down, 0);
    EXPECT_FALSE(unmirrored.mirrored);
    EXPECT_EQ(moved.down, unmirrored.down);
  }
}

TEST(Mixup, EachRowTakesPartOfItsSuccessor) {
  // weight 0.75:  0.75*[4,0] + 0.25*[0,8] = [3,2];  0.75*[0,8] + 0.25*[4,4] = [1,7];  0.75*[4,4] + 0.25*[4,0] = [4,3]
  std::vector<float> rows = {4, 0, 0, 8, 4, 4}, first;
  mix_with_successor(rows.data(), 3, 2, 0.75, first);
  EXPECT_THAT(rows, ElementsAre(3, 2, 1, 7, 4, 3));
}

TEST(Mixup, TargetsMixLikeImages) {
  // smoothing 0.2 over 4 classes: off 0.05, on 0.85;  0.75*0.85 + 0.25*0.05 = 0.65, 0.75*0.05 + 0.25*0.85 = 0.25
  const int32_t labels[2] = {2, 0};
  std::vector<float> targets(8), first;
  fill_targets(labels, 2, 4, 0.2, targets.data());
  EXPECT_THAT(targets, ElementsAre(FloatEq(0.05f), FloatEq(0.05f), FloatEq(0.85f), FloatEq(0.05f),  //
                                   FloatEq(0.85f), FloatEq(0.05f), FloatEq(0.05f), FloatEq(0.05f)));
  mix_with_successor(targets.data(), 2, 4, 0.75, first);
  EXPECT_THAT(targets, ElementsAre(FloatEq(0.25f), FloatEq(0.05f), FloatEq(0.65f), FloatEq(0.05f),  //
                                   FloatEq(0.65f), FloatEq(0.05f), FloatEq(0.25f), FloatEq(0.05f)));
}

/// Mean over 20,000 draws.
double mean_weight(double alpha) {
  double sum = 0;
  for (uint64_t i = 0; i < 20'000; ++i) {
    Rng rng(5, RngPurpose::mixup, i);
    const double weight = draw_mixup_weight(alpha, rng);
    EXPECT_TRUE(weight >= 0.5 && weight <= 1) << weight;
    sum += weight;
  }
  return sum / 20'000;
}

TEST(Mixup, WeightIsTheLargerOfADirichlet) {
  // alpha 1 is uniform on [0, 1]; the larger of (u, 1-u) has mean 3/4 and deviation 0.144. Alpha 2 has density
  // 6u(1-u), whose larger part has mean 12 * integral of u^2 (1-u) over [1/2, 1] = 11/16, deviation 0.12. The mean of
  // 20,000 draws is within 0.005, five deviations.
  EXPECT_NEAR(mean_weight(1), 0.75, 0.005);
  EXPECT_NEAR(mean_weight(2), 0.6875, 0.005);
}

TEST(Mixup, TinyAlphaMixesAlmostNothing) {
  // The gamma draws themselves underflow here; their logarithms do not. The smaller weight has mean a*ln(2) and
  // deviation sqrt(a*(ln(2) - 1/2)) = 0.014 for a small a: the mean of 20,000 draws is within 0.0005, five deviations.
  EXPECT_NEAR(mean_weight(0.001), 1 - 0.001 * std::log(2.0), 0.0005);
}

}  // namespace
}  // namespace moescope
