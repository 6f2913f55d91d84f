// Axes: shares of their length, and ticks at round numbers.
#include "figure/scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace moescope::figure {
namespace {

using testing::ElementsAre;

std::vector<std::string> labels(const Scale& scale) {
  std::vector<std::string> texts;
  for (const Tick& tick : scale.ticks()) texts.push_back(tick.label);
  return texts;
}

TEST(FigureScale, LinearAxesEndAtRoundNumbers) {
  const Scale scale({}, 0.13, 0.92, 6);
  EXPECT_DOUBLE_EQ(scale.low(), 0);
  EXPECT_DOUBLE_EQ(scale.high(), 1);
  EXPECT_THAT(labels(scale), ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1"));
  EXPECT_DOUBLE_EQ(scale.share(0.25), 0.25);
}

TEST(FigureScale, GivenEndsStay) {
  const Scale scale({.label = "", .log = false, .low = 1, .high = 64}, 5, 20, 4);
  EXPECT_EQ(scale.low(), 1);
  EXPECT_EQ(scale.high(), 64);
  EXPECT_THAT(labels(scale), ElementsAre("50"));
}

TEST(FigureScale, ARangeOfAFewNumbersEnds) {
  const double low = 1e6, high = std::nextafter(std::nextafter(low, 2e6), 2e6);
  EXPECT_LE(Scale({.label = "", .log = false, .low = low, .high = high}, low, high, 5).ticks().size(), 26u);
}

TEST(FigureScale, LogAxes) {
  const Scale scale({.label = "", .log = true, .low = {}, .high = {}}, 1, 10000, 5);
  EXPECT_DOUBLE_EQ(scale.share(100), 0.5);
  EXPECT_THAT(labels(scale), ElementsAre("1", "10", "100", "1 000", "10 000"));
  EXPECT_FALSE(scale.has(0));
  EXPECT_FALSE(scale.has(-1));
  EXPECT_GE(Scale({.label = "", .log = true, .low = {}, .high = {}}, 2, 3, 5).ticks().size(),
            3u);  // no power of ten in it
}

TEST(FigureScale, OddData) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Scale none({}, infinity, -infinity, 5), one({}, 7, 7, 5), zero({}, 0, 0, 5);
  EXPECT_EQ(none.low(), 0);
  EXPECT_EQ(none.high(), 1);
  for (const Scale* scale : {&one, &zero}) {
    EXPECT_LT(scale->low(), scale->high());
    EXPECT_FALSE(scale->ticks().empty());
  }
  EXPECT_FALSE(one.has(std::nan("")));
  EXPECT_FALSE(one.has(infinity));
  EXPECT_EQ(number_label(-1234567), "-1 234 567");
  EXPECT_EQ(number_label(1e-7), "1e-07");
}

}  // namespace
}  // namespace moescope::figure
