// The run table read by windows: any part of it, in one order, with groups.
#include "app/runs/run_table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sessions/run_edits.h"
#include "sessions/run_writer.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Twenty runs; run i has accuracy i/100, and k = 1 or 2 in turn.
class RunTableTest : public testing::Test {
 protected:
  RunTableTest() : store_(temp_ / "runs.db", SessionStore::Access::write), reader_(store_) {
    for (int64_t i = 1; i <= 20; ++i) {
      RunStarted start;
      start.config.name = i == 7 ? "special" : "run";
      start.config.router.k = 1 + i % 2;
      RunWriter(store_).write(std::vector<Event>{start, Evaluated{2, 2, "test", 1, static_cast<double>(i) / 100, 1, ""},
                                                 StateChanged{2, 2, RunState::finished, ""}});
    }
  }
  RunTable ask(const RunTableQuestion& question, int64_t first = 0, int64_t count = 100, bool changed = false) {
    return table_.answer(reader_, question, first, count, changed);
  }
  static std::vector<int64_t> ids(const RunTable& table) {
    std::vector<int64_t> ids;
    for (const RunTableRow& row : table.rows) ids.push_back(row.summary.run_id);
    return ids;
  }

  const TempFolder temp_;
  SessionStore store_;
  RunReader reader_;
  RunTableReader table_;
};

TEST_F(RunTableTest, AWindowOfRowsIsPartOfTheWhole) {
  RunTableQuestion question;
  question.order = "test_accuracy";
  const RunTable table = ask(question, 5, 3);
  EXPECT_EQ(table.num_rows, 20);
  EXPECT_EQ(table.first_row, 5);
  EXPECT_THAT(ids(table), ElementsAre(15, 14, 13));
  EXPECT_THAT(ids(ask(question, 18, 9)), ElementsAre(2, 1));
  EXPECT_THAT(ids(ask(question, 99, 9)), IsEmpty());
}

TEST_F(RunTableTest, AFilterIsAConditionOrWords) {
  RunTableQuestion question;
  question.filter = "router.k = 2 AND test_accuracy > 0.16";
  EXPECT_THAT(ids(ask(question)), ElementsAre(19, 17));
  question.filter = "SPEC";
  EXPECT_THAT(ids(ask(question)), ElementsAre(7));
  RunEditor(store_).tag(std::vector<int64_t>{3, 7}, "paper", true);
  question.filter = "tag:paper run";
  EXPECT_THAT(ids(ask(question)), ElementsAre(3));
  question.filter = "router.kk = 2";
  const RunTable refused = ask(question);
  EXPECT_THAT(refused.refusal, HasSubstr("router.k"));
  EXPECT_THAT(refused.rows, IsEmpty());
}

TEST_F(RunTableTest, GroupsFollowEachOtherWithTheirMean) {
  RunTableQuestion question;
  question.group = "router.k";
  question.order = "test_accuracy";
  const RunTable table = ask(question, 0, 3);
  ASSERT_EQ(table.groups.size(), 2u);
  EXPECT_EQ(table.groups[0].by, "1");
  EXPECT_EQ(table.groups[0].best_run, 20);
  EXPECT_NEAR(table.groups[0].mean, 0.11, 1e-12);  // (0.02 + 0.04 + ... + 0.20) / 10
  EXPECT_EQ(table.groups[1].first_row, 10);
  EXPECT_THAT(ids(table), ElementsAre(20, 18, 16));
  EXPECT_THAT(ids(ask(question, 10, 2)), ElementsAre(19, 17));
}

TEST_F(RunTableTest, TheOrderIsReadAgainOnlyWhenTheStoreHasChanged) {
  RunTableQuestion question;
  ask(question);
  RunEditor(store_).mark(std::vector<int64_t>{20}, RunMark::trashed, true);
  EXPECT_EQ(ask(question).num_rows, 20);
  EXPECT_EQ(ask(question, 0, 5, true).num_rows, 19);
  question.trash = true;
  EXPECT_THAT(ids(ask(question)), ElementsAre(20));
}

TEST_F(RunTableTest, ColumnsAreWhateverIsAskedFor) {
  RunTableQuestion question;
  question.columns = {"router.k", "test_accuracy"};
  const RunTable table = ask(question, 0, 1);
  EXPECT_EQ(std::get<int64_t>(table.rows[0].cells[0]), 1);
  EXPECT_DOUBLE_EQ(std::get<double>(table.rows[0].cells[1]), 0.2);
  EXPECT_THAT(table.known_columns, testing::Contains("router.capacity_factor"));
}

}  // namespace
}  // namespace moescope
