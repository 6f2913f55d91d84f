// The run table under mouse and keyboard: what it asks for, what it wants done.
#include "widgets/panels/run_table_panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ui_stage.h"
#include "widgets/panels/run_columns_text.h"

namespace moescope::panels {
namespace {

using testing::ElementsAre;
using What = RunEdit::What;

RunTableRow row_of(int64_t id) {
  RunTableRow row;
  row.summary.run_id = id;
  row.summary.name = "run " + std::to_string(id);
  row.summary.state = RunState::finished;
  row.summary.test_accuracy = 0.5;
  row.cells.assign(RunTableQuestion{}.columns.size(), Cell{int64_t{3}});
  return row;
}

struct TableStage : demo::Stage {
  explicit TableStage(int64_t rows, float width = 900) : Stage(width, 700) {
    table.num_rows = rows;
    answer();
    show([this, width] {
      RunTableActs acts;
      panel.draw_ui({0, 0, width, 700}, &table, {}, acts);
      panel.take_keys(&table, acts);
      for (RunEdit& edit : acts.edits) edits.push_back(std::move(edit));
      for (const int64_t run : acts.replays) replays.push_back(run);
    });
    frame(3);
  }
  /// Gives the rows that the panel asks for.
  void answer() {
    table.question = panel.question();
    table.first_row = panel.first_row();
    table.rows.clear();
    for (int64_t i = 0; i < std::min(panel.num_rows(), table.num_rows - table.first_row); ++i)
      table.rows.push_back(row_of(1000000 - table.first_row - i));
    table.answer_ms += 1;
  }
  std::vector<int64_t> chosen() const {
    std::vector<int64_t> ids;
    for (const RunMoment& run : panel.chosen()) ids.push_back(run.run_id);
    return ids;
  }
  RunTable table;
  RunTablePanel panel;
  std::vector<RunEdit> edits;
  std::vector<int64_t> replays;
};

TEST(RunTablePanel, AClickChoosesARunAndAnotherOneLetsItGo) {
  TableStage stage(5);
  stage.click(250, 120);
  stage.click(250, 146);
  EXPECT_THAT(stage.chosen(), ElementsAre(1000000, 999999));
  stage.click(250, 120);
  EXPECT_THAT(stage.chosen(), ElementsAre(999999));
}

TEST(RunTablePanel, KeysActOnTheRunWhereTheyStand) {
  TableStage stage(5);
  stage.type("kk");
  stage.type("x");
  EXPECT_THAT(stage.chosen(), ElementsAre(999998));
  stage.type("y");
  stage.type("a");
  stage.tap(261);
  ImGui::GetIO().KeyCtrl = true;
  stage.tap('Z');
  ImGui::GetIO().KeyCtrl = false;
  ASSERT_EQ(stage.edits.size(), 4u);
  EXPECT_EQ(stage.edits[0].what, What::star);
  EXPECT_EQ(stage.edits[1].what, What::archive);
  EXPECT_EQ(stage.edits[2].what, What::trash);
  EXPECT_THAT(stage.edits[2].runs, ElementsAre(999998));
  EXPECT_EQ(stage.edits[3].what, What::undo);
}

TEST(RunTablePanel, ANameIsTypedAndEnterKeepsIt) {
  TableStage stage(5);
  stage.type("n");
  stage.frame(2);
  stage.type("tried a larger k");
  EXPECT_TRUE(stage.edits.empty());  // while text is typed, letters are no keys
  stage.tap(257);
  stage.frame();
  ASSERT_EQ(stage.edits.size(), 1u);
  EXPECT_EQ(stage.edits[0].what, What::note);
  EXPECT_EQ(stage.edits[0].text, "tried a larger k");
}

TEST(RunTablePanel, AHeadingSortsByItsColumnAndThenTheOtherWay) {
  TableStage stage(5);
  stage.click(150, 90);  // the heading of the names
  EXPECT_EQ(stage.panel.question().order, "name");
  EXPECT_TRUE(stage.panel.question().descending);
  stage.click(150, 90);
  EXPECT_FALSE(stage.panel.question().descending);
}

TEST(RunTablePanel, OfAHundredThousandRunsOnlyThoseInViewAreAskedForAndDrawn) {
  TableStage stage(100000);
  EXPECT_LT(ImGui::GetDrawData()->TotalVtxCount, 60000);
  EXPECT_EQ(stage.panel.first_row(), 0);
  for (int i = 0; i < 300; ++i) stage.type("k");
  stage.frame(3);
  EXPECT_GT(stage.panel.first_row(), 0);  // around row 300
  EXPECT_LE(stage.panel.first_row(), 300);
  EXPECT_GT(stage.panel.first_row() + stage.panel.num_rows(), 300);
  EXPECT_LT(stage.panel.num_rows(), 600);
  stage.answer();
  stage.frame(2);
  const int64_t asked = stage.panel.first_row();
  stage.frame(5);
  EXPECT_EQ(stage.panel.first_row(), asked);  // an answer asks for nothing new
}

TEST(RunTablePanel, AGroupShowsItsRunsOrItsHeadingOnly) {
  TableStage stage(6);
  stage.table.groups = {{"1", 0, 4, 4, 0.5, 0.4, 0.6, 1000000}, {"2", 4, 2, 0, 0, 0, 0, 0}};
  stage.table.answer_ms += 1;
  stage.frame(2);
  stage.click(250, 146);  // heading, then the first run
  EXPECT_THAT(stage.chosen(), ElementsAre(1000000));
  stage.click(250, 120);  // closes the group: the next heading takes the place of its first run
  stage.click(250, 172);  // heading 1, heading 2, run 5
  EXPECT_THAT(stage.chosen(), ElementsAre(1000000, 999996));
}

TEST(RunTablePanel, ANarrowTableLeavesColumnsOutAndCutsNoHeading) {
  for (const float width : {380.f, 620.f, 1400.f}) {
    TableStage stage(5, width);
    stage.look.cut_texts = 0;
    stage.frame(2);
    EXPECT_EQ(stage.look.cut_texts, 0) << width;
  }
}

TEST(RunColumnsText, CellsReadAsPeopleWriteThem) {
  RunSummary run;
  EXPECT_EQ(cell_text("test_accuracy", {}, run), "–");
  run.test_accuracy = NAN;
  EXPECT_EQ(cell_text("test_accuracy", {}, run), "NaN");
  EXPECT_EQ(cell_text("parameters", Cell{int64_t{1234567}}, run), "1.23 M");
  EXPECT_EQ(cell_text("started", Cell{std::string("2026-11-22T16:03:12Z")}, run), "11-22 16:03");
  EXPECT_EQ(cell_text("router.k", Cell{int64_t{2}}, run), "2");
  EXPECT_EQ(column_heading("layer3/dropped"), "layer3/dropped");
}

}  // namespace
}  // namespace moescope::panels
