// Conditions and columns of the run table, as people write them; and questions in SQL.
#include "sessions/run_columns.h"

#include <gmock/gmock.h>

#include "sessions/query_box.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunColumnsTest : public StoreTest {
 protected:
  RunColumnsTest() : store_(open_writer()), reader_(store_) {
    for (int64_t i = 1; i <= 4; ++i) {
      RunStarted start = a_start("run's " + std::to_string(i));
      start.config.router.k = i % 2 == 0 ? 10 : 9;  // as text "10" would come before "9"
      start.config.train.seed = i;
      const std::vector<Event> events = {start,
                                         MetricsTaken{{a_metric("layer3/dropped", 1, 0.9),
                                                       a_metric("layer3/dropped", 2, 0.1 * static_cast<double>(i))}},
                                         Evaluated{.step = 2,
                                                   .wall_secs = 2,
                                                   .split = "test",
                                                   .num_images = 1,
                                                   .accuracy = 0.2 * static_cast<double>(i),
                                                   .loss = 1,
                                                   .setting = ""}};
      RunWriter(store_).write(events);
    }
    RunWriter(store_).begin_run(a_start("untested"));
  }
  std::vector<int64_t> found(const std::string& where, const std::string& order = "run_id") const {
    std::vector<int64_t> ids;
    RunQuery query;
    query.where = where;
    query.order = order;
    query.descending = false;
    for (const RunSummary& run : reader_.list_runs(query)) ids.push_back(run.run_id);
    EXPECT_EQ(reader_.count_runs(query), static_cast<int64_t>(ids.size()));
    return ids;
  }
  std::string refused(const std::string& where) const {
    try {
      found(where);
    } catch (const UserError& error) { return error.what(); }
    ADD_FAILURE() << where << " was accepted";
    return {};
  }

  SessionStore store_;
  RunReader reader_;
};

TEST_F(RunColumnsTest, TheOrderOfAllRunsIsThatOfTheirPages) {
  RunQuery query{.order = "test_accuracy"};
  EXPECT_THAT(reader_.list_ids(query), ElementsAre(4, 3, 2, 1, 5));
  EXPECT_THAT(reader_.list_ids(query, "router.k"), ElementsAre(5, 3, 1, 4, 2));  // k = 2 by default, then 9, then 10
  query.where = "test_accuracy > 0.3";
  query.limit = 1;
  EXPECT_THAT(reader_.list_ids(query), ElementsAre(4, 3, 2));
}

TEST_F(RunColumnsTest, RowsAreReadByTheirNumbersAndThoseThatAreGoneAreLeftOut) {
  const std::vector<int64_t> ids = {2, 99, 1};
  const std::vector<RunSummary> runs = reader_.load_summaries(ids);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "run's 2");
  const auto cells = reader_.load_cells(ids, {"router.k", "layer3/dropped"});
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(std::get<int64_t>(cells[0][0]), 10);
  EXPECT_DOUBLE_EQ(std::get<double>(cells[1][1]), 0.1);
  EXPECT_EQ(reader_.load_cells(ids, {})[0].size(), 0u);
  EXPECT_THROW(reader_.load_cells(ids, {"router.kk"}), UserError);
}

TEST_F(RunColumnsTest, ConditionsKnowColumnsSettingsAndMetrics) {
  EXPECT_THAT(found("test_accuracy > 0.5"), ElementsAre(3, 4));
  EXPECT_THAT(found("router.k >= 10 AND test_accuracy < 0.5"), ElementsAre(2));
  EXPECT_THAT(found("\"layer3/dropped\" <= 0.25"), ElementsAre(1, 2));  // the last value, not the first
  EXPECT_THAT(found("router.kind = 'soft' and not (train.seed in (1, 2))"), ElementsAre(3, 4, 5));
  EXPECT_THAT(found("name = 'run''s 3'"), ElementsAre(3));
  EXPECT_THAT(found("test_accuracy IS NULL"), ElementsAre(5));
  EXPECT_THAT(found("test_accuracy > 5e-1 or test_accuracy < .3"), ElementsAre(1, 3, 4));
}

TEST_F(RunColumnsTest, AnyColumnSorts) {
  EXPECT_THAT(found("test_accuracy > 0", "router.k"), ElementsAre(3, 1, 4, 2));
  EXPECT_THAT(found("", "layer3/dropped"), ElementsAre(1, 2, 3, 4, 5));  // runs without one come last
}

TEST_F(RunColumnsTest, MistakesAreNamed) {
  EXPECT_THAT(refused("test_acuracy > 0.5"), HasSubstr("did you mean 'test_accuracy'?"));
  EXPECT_THAT(refused("router.kk = 2"), HasSubstr("did you mean 'router.k'?"));
  EXPECT_THAT(refused("test_accuracy >"), HasSubstr("the condition test_accuracy > cannot be used"));
  EXPECT_THAT(refused("name = 'a"), HasSubstr("a quoted text does not end"));
  EXPECT_THAT(refused("(run = 1"), HasSubstr("a parenthesis is not closed"));
}

TEST_F(RunColumnsTest, ConditionsHoldNothingButAConditon) {
  for (const char* trick :
       {"1); DELETE FROM runs; --", "1) OR (1", "1 -- ", "run = 1; DROP TABLE runs", "/* */ 1",
        "run IN (SELECT run_id FROM runs)", "load_extension('x')", "[name] = 'a'", "`name` = 'a'"}) {
    refused(trick);
  }
  EXPECT_EQ(reader_.count_runs(), 5);
}

TEST_F(RunColumnsTest, CellsAreWhatWasAskedFor) {
  const CellTable table =
      reader_.run_cells({.limit = 2}, {"run", "router.k", "test_accuracy", "layer3/dropped", "tags"});
  EXPECT_THAT(table.columns, ElementsAre("run", "router.k", "test_accuracy", "layer3/dropped", "tags"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_TRUE(table.cut);
  EXPECT_THAT(table.rows[0], ElementsAre(Cell(int64_t{5}), Cell(int64_t{1}), Cell(), Cell(), Cell("")));
  EXPECT_THAT(table.rows[1], ElementsAre(Cell(int64_t{4}), Cell(int64_t{10}), Cell(0.8), Cell(0.4), Cell("")));
  EXPECT_THROW(reader_.run_cells({}, {"colour"}), UserError);
}

TEST_F(RunColumnsTest, GroupsKeepEachValue) {
  const std::vector<RunGroup> groups = reader_.group_runs({}, "router.k", "test_accuracy");
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].by, "1");
  EXPECT_EQ(groups[0].num_runs, 1);
  EXPECT_TRUE(groups[0].values.empty());  // never tested
  EXPECT_EQ(groups[1].by, "9");
  EXPECT_EQ(groups[1].best_run, 3);
  EXPECT_THAT(groups[2].values, ElementsAre(0.8, 0.4));
}

TEST_F(RunColumnsTest, QuestionsInSqlAreAnsweredAndOnlyThat) {
  const CellTable answer = ask_store(store_, "SELECT run_id, name FROM runs WHERE run_id < 3;");
  EXPECT_THAT(answer.columns, ElementsAre("run_id", "name"));
  EXPECT_THAT(answer.rows, ElementsAre(ElementsAre(Cell(int64_t{1}), Cell("run's 1")),
                                       ElementsAre(Cell(int64_t{2}), Cell("run's 2"))));
  EXPECT_TRUE(ask_store(store_, "SELECT run_id FROM runs", {.rows = 2}).cut);
  const std::string other = folder_ / "other.db";
  for (const std::string& trick :
       {std::string("DELETE FROM runs"), "ATTACH '" + other + "' AS other", "VACUUM INTO '" + other + "'",
        std::string("SELECT 1; DELETE FROM runs"), std::string("PRAGMA journal_mode = DELETE"), std::string(""),
        std::string("SELECT no_such_column FROM runs"), std::string("nonsense"), std::string("-- nothing"),
        std::string("/* nothing */")}) {
    EXPECT_THROW(ask_store(store_, trick), UserError) << trick;
  }
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_EQ(reader_.count_runs(), 5);
}

TEST_F(RunColumnsTest, AQuestionWithoutEndIsStopped) {
  try {
    ask_store(store_, "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
              {.secs = 0.05});
    FAIL() << "an endless query came to an end";
  } catch (const UserError& error) { EXPECT_THAT(error.what(), HasSubstr("was stopped after")); }
}

TEST_F(RunColumnsTest, AnAnswerIsBoundedInBytes) {
  constexpr int64_t kMiB = int64_t{1} << 20;
  const std::string rows = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) ";
  for (const std::string& large :
       {std::string("SELECT zeroblob(1000000000)"), std::string("SELECT hex(randomblob(700000))"),
        rows + "SELECT group_concat(hex(zeroblob(50000))) FROM n"}) {
    try {
      ask_store(store_, large, {.bytes = kMiB});
      FAIL() << large;
    } catch (const UserError& error) { EXPECT_THAT(error.what(), HasSubstr("of more than 1 MiB")) << large; }
  }
  // Ten rows of 100 kB and their cells fill a MiB; the eleventh is the last that begins below it.
  const CellTable cut = ask_store(store_, rows + "SELECT i, hex(zeroblob(50000)) FROM n", {.bytes = kMiB});
  EXPECT_TRUE(cut.cut);
  EXPECT_EQ(cut.rows.size(), 11u);
  EXPECT_FALSE(ask_store(store_, rows + "SELECT i FROM n", {.bytes = kMiB}).cut);
}

}  // namespace
}  // namespace moescope
