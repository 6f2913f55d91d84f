// What a person changes about runs, and taking it back.
#include "sessions/run_edits.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RunEditsTest : public StoreTest {
 protected:
  RunEditsTest() : store_(open_writer()), writer_(store_), reader_(store_), editor_(store_) {
    for (const char* name : {"a", "b", "c"}) {
      const std::vector<Event> events = {
          a_start(name), a_step(1, 1), a_checkpoint(1, 50'000),
          StateChanged{.step = 1, .wall_secs = 1, .state = RunState::finished, .message = ""}};
      RunWriter(store_).write(events);
    }
  }
  std::vector<std::string> names(const RunQuery& wanted = {}) const {
    std::vector<std::string> found;
    for (const RunSummary& run : reader_.list_runs(wanted)) found.push_back(run.name);
    return found;
  }
  void mark(std::vector<int64_t> runs, RunMark mark, bool on) { editor_.mark(runs, mark, on); }
  void tag(std::vector<int64_t> runs, const std::string& tag, bool on) { editor_.tag(runs, tag, on); }

  SessionStore store_;
  RunWriter writer_;
  RunReader reader_;
  RunEditor editor_;
};

TEST_F(RunEditsTest, StarsTheArchiveAndTheTrash) {
  mark({1, 2}, RunMark::starred, true);
  EXPECT_TRUE(reader_.load_summary(1).starred);
  EXPECT_FALSE(reader_.load_summary(3).starred);
  mark({2}, RunMark::archived, true);
  EXPECT_THAT(names(), ElementsAre("c", "a"));
  EXPECT_THAT(names({.archived = true}), ElementsAre("c", "b", "a"));
  mark({2, 3}, RunMark::trashed, true);
  EXPECT_THAT(names({.archived = true}), ElementsAre("a"));
  EXPECT_THAT(names({.trash = true}), ElementsAre("c", "b"));
  EXPECT_EQ(reader_.count_runs({.trash = true}), 2);
  mark({3}, RunMark::trashed, false);
  EXPECT_THAT(names(), ElementsAre("c", "a"));
}

TEST_F(RunEditsTest, TagsAreWordsThatRunsShare) {
  tag({1, 3}, "paper", true);
  tag({1}, "good", true);
  tag({1}, "good", true);  // again: nothing happens
  EXPECT_EQ(reader_.load_summary(1).tags, "good,paper");
  EXPECT_THAT(names({.tag = "paper"}), ElementsAre("c", "a"));
  tag({1}, "paper", false);
  EXPECT_THAT(names({.tag = "paper"}), ElementsAre("c"));
  for (const char* bad : {"", "two words", "a,b"}) EXPECT_THROW(tag({1}, bad, true), UserError) << bad;
}

TEST_F(RunEditsTest, EveryEditIsUndoneOneCommandAtATime) {
  editor_.rename(1, "renamed");
  mark({2}, RunMark::starred, true);
  mark({2, 3}, RunMark::trashed, true);
  tag({1, 2}, "paper", true);
  tag({1}, "paper", false);
  EXPECT_THAT(editor_.undo(), HasSubstr("run 1: tag is 'paper' again"));
  EXPECT_EQ(reader_.load_summary(1).tags, "paper");
  editor_.undo();  // both tags
  EXPECT_EQ(reader_.load_summary(1).tags + reader_.load_summary(2).tags, "");
  EXPECT_THAT(editor_.undo(), HasSubstr("run 3: trashed_at is nothing again"));
  EXPECT_THAT(names(), ElementsAre("c", "b", "renamed"));
  EXPECT_TRUE(reader_.load_summary(2).starred);
  editor_.undo();
  EXPECT_FALSE(reader_.load_summary(2).starred);
  EXPECT_THAT(editor_.undo(), HasSubstr("run 1: name is 'a' again, was 'renamed'"));
  EXPECT_THAT(editor_.undo(), IsEmpty());
}

TEST_F(RunEditsTest, AnEditThatFailsForOneRunChangesNone) {
  EXPECT_EQ(store_error([&] { mark({1, 9}, RunMark::starred, true); }).problem, StoreProblem::missing);
  EXPECT_FALSE(reader_.load_summary(1).starred);
  EXPECT_THAT(editor_.undo(), IsEmpty());
  EXPECT_THROW(editor_.rename(1, ""), UserError);
}

TEST_F(RunEditsTest, EmptyingTheTrashTakesEveryRowAlongAndNoIdIsGivenAgain) {
  mark({1, 2, 3}, RunMark::trashed, true);
  const RunEditor::Emptied emptied = editor_.empty_trash();
  EXPECT_EQ(emptied.num_runs, 3);
  EXPECT_GE(emptied.free_bytes, 3 * 45'000);  // whole pages: the last of a checkpoint's may be shared
  for (const char* table : {"params", "environment", "metrics", "checkpoints", "checkpoint_parts", "edits_data"}) {
    EXPECT_EQ(store_.database().integer(std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
  EXPECT_EQ(writer_.begin_run(a_start("d")), 4);
}

TEST_F(RunEditsTest, ARunThatIsRecordedStaysOutOfTheTrash) {
  const int64_t run = writer_.begin_run(a_start("live"));
  try {
    mark({run}, RunMark::trashed, true);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("may be recorded by moescope (process " + std::to_string(getpid())));
  }
  EXPECT_THAT(names({.name_contains = "live"}), ElementsAre("live"));
}

TEST_F(RunEditsTest, EmptyingTheTrashSparesARunThatWentOnAndAllBesideIt) {
  const int64_t run = writer_.begin_run(a_start("live"));
  mark({1}, RunMark::trashed, true);
  // As by a resume of a run that lay in the trash already.
  store_.database().execute("UPDATE runs SET trashed_at = '2026-01-02T03:04:05Z' WHERE run_id = " +
                            std::to_string(run));
  EXPECT_THROW(editor_.empty_trash(), UserError);
  EXPECT_EQ(reader_.count_runs({.trash = true}), 2);
}

TEST_F(RunEditsTest, EditsNeedNotWaitUntilTheRecorderHasLeft) {
  writer_.begin_run(a_start("live"));
  const SessionStore beside(path_, SessionStore::Access::edit);
  RunEditor(beside).mark(std::vector<int64_t>{1}, RunMark::starred, true);
  writer_.write(std::vector<Event>{a_step(2, 1)});
  EXPECT_TRUE(reader_.load_summary(1).starred);
  EXPECT_EQ(reader_.load_summary(4).state, RunState::preparing);  // and the run beside it is not called interrupted
  EXPECT_FALSE(reader_.load_summary(4).interrupted);
}

TEST_F(RunEditsTest, AnEditOfAColumnThatIsNoneIsDamage) {
  store_.database().execute("INSERT INTO edits_data VALUES (1, 1, '', 1, 'state = ''x'', name', NULL, 'a')");
  EXPECT_EQ(store_error([&] { editor_.undo(); }).problem, StoreProblem::damaged);
  EXPECT_EQ(reader_.load_summary(1).name, "a");
}

}  // namespace
}  // namespace moescope
