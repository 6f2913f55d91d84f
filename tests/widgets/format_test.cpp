// Numbers as people read them.
#include "widgets/ui/format.h"

#include <gtest/gtest.h>

#include <cmath>

namespace moescope::ui {
namespace {

TEST(Format, ThousandsGetThinSpaces) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(4200), "4\u2009200");
  EXPECT_EQ(grouped(-1234567), "-1\u2009234\u2009567");
}

TEST(Format, KnobValuesStayShort) {
  EXPECT_EQ(compact(0), "0");
  EXPECT_EQ(compact(0.6), "0.6");
  EXPECT_EQ(compact(0.005), "0.005");
  EXPECT_EQ(compact(0.0008), "8.0e-4");
  EXPECT_EQ(compact(1e-12), "1.0e-12");
  EXPECT_EQ(compact(1e15), "1.0e15");
}

TEST(Format, WhatIsNotANumberSaysSo) {
  EXPECT_EQ(fixed(NAN, 3), "NaN");
  EXPECT_EQ(fixed(-INFINITY, 1), "-inf");
  EXPECT_EQ(compact(INFINITY), "inf");
  EXPECT_EQ(percent(NAN), "NaN");
}

TEST(Format, SharesTimesAndBytes) {
  EXPECT_EQ(percent(0.031), "3.1 %");
  EXPECT_EQ(percent(0.84), "84 %");
  EXPECT_EQ(times(1.24), "1.2×");
  EXPECT_EQ(times(14.1), "14×");
  EXPECT_EQ(bytes(327155712), "312 MiB");
  EXPECT_EQ(bytes(int64_t{20} << 30), "20.0 GiB");
}

TEST(Format, DurationsRoundBeforeTheySplit) {
  EXPECT_EQ(duration(4), "4 s");
  EXPECT_EQ(duration(59.6), "1 min 00 s");
  EXPECT_EQ(duration(130), "2 min 10 s");
  EXPECT_EQ(duration(3900), "1 h 05 min");
}

TEST(Format, AgoChangesRarelySoThatAnIdleWindowRests) {
  EXPECT_EQ(ago(2), ago(9));
  EXPECT_EQ(ago(21), ago(29));
  EXPECT_EQ(ago(21), "20 s ago");
  EXPECT_EQ(ago(150), "2 min ago");
}

}  // namespace
}  // namespace moescope::ui
