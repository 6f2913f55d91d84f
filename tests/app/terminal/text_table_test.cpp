// What commands print: aligned columns, CSV, numbers for people, and a run's progress on one line.
#include "app/terminal/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "app/terminal/progress_line.h"

namespace {

using namespace moescope;
using testing::HasSubstr;
using testing::Not;

TEST(TextTable, AlignsColumns) {
  TextTable table({"name", ">step"});
  table.add({"größe", "7"});  // two letters of two bytes each must not shift the column
  table.add({"a", "1234"});
  EXPECT_EQ(table.aligned(),
            "name   step\n"
            "größe     7\n"
            "a      1234\n");
  EXPECT_THROW(table.add({"one cell"}), std::logic_error);
}

TEST(TextTable, QuotesForCsv) {
  TextTable table({"name", ">note"});
  table.add({"a,b", "say \"hi\"\nnow"});
  EXPECT_EQ(table.csv(), "name,note\n\"a,b\",\"say \"\"hi\"\"\nnow\"\n");
}

TEST(Numbers, ForPeople) {
  EXPECT_EQ(fixed(0.88425, 2), "0.88");
  EXPECT_EQ(fixed(4.5406673190847047e34, 4), "4.541e+34");
  EXPECT_EQ(fixed(1234567.25, 2), "1234567.25");
  EXPECT_EQ(or_dash(0.5, 2), "0.50");
  EXPECT_EQ(or_dash(std::nullopt, 2), "-");
  EXPECT_EQ(fixed(std::nan(""), 4), "NaN");
  EXPECT_EQ(with_unit(950), "950");
  EXPECT_EQ(with_unit(1234567), "1.23 M");
  EXPECT_EQ(duration(59.6), "1 min 0 s");
  EXPECT_EQ(duration(42), "42 s");
  EXPECT_EQ(duration(7500), "2 h 5 min");
}

Snapshot half_way() {
  Snapshot snapshot;
  snapshot.state = RunState::running;
  snapshot.step = 700;
  snapshot.total_steps = 1400;
  snapshot.epoch = 1.5;
  snapshot.loss = 0.5;
  snapshot.gradient_norm = 1;
  snapshot.images_per_sec = 812;
  snapshot.eta_secs = 90;
  return snapshot;
}

TEST(ProgressLine, SaysWhereTheRunIs) {
  EXPECT_EQ(progress_bar(half_way(), 200),
            "[==========>         ] 50 %  step 700/1400  epoch 1.50  loss 0.5000  812 images/s  1 min 30 s left");
  EXPECT_EQ(progress_bar(half_way(), 30).size(), 30u);
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  Snapshot snapshot = half_way();
  snapshot.total_steps = 0;
  snapshot.eta_secs = -1;
  EXPECT_EQ(progress_bar(snapshot, 200), "step 700  epoch 1.50  loss 0.5000  812 images/s");
  EXPECT_THAT(progress_text(snapshot), Not(HasSubstr("test accuracy")));
  snapshot.test_accuracy = 0.86;
  snapshot.job = "evaluating 62 %";
  EXPECT_THAT(progress_text(snapshot), HasSubstr("test accuracy 0.8600  812 images/s  evaluating 62 %"));
  EXPECT_EQ(progress_text(Snapshot{}), "preparing");
}

TEST(ProgressLine, ARunThatWentOnTellsNeitherAnEndBehindItNorALossItHasNot) {
  Snapshot snapshot = half_way();
  snapshot.step = 8, snapshot.total_steps = 4;
  EXPECT_EQ(progress_text(snapshot).find("step 8  "), 0u) << progress_text(snapshot);
  EXPECT_THAT(progress_bar(snapshot, 200), Not(HasSubstr("%")));
  snapshot.loss = 0, snapshot.gradient_norm = 0;
  EXPECT_THAT(progress_text(snapshot), Not(HasSubstr("loss")));
}

TEST(ProgressLine, BarIsFullAtTheEnd) {
  Snapshot snapshot = half_way();
  snapshot.step = 1400;
  EXPECT_THAT(progress_bar(snapshot, 200), HasSubstr("[====================] 100 %"));
}

}  // namespace
