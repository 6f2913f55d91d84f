// The reading side: the run table's pages and orders, series by range, settings at a step.
#include "sessions/run_reader.h"

#include <gmock/gmock.h>

#include <limits>

#include "sessions/run_edits.h"
#include "sessions/run_notes.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class RunReaderTest : public StoreTest {
 protected:
  RunReaderTest() : store_(open_writer()), writer_(store_), reader_(store_) {}

  int64_t add_run(const std::string& name, std::vector<Event> events = {}) {
    const int64_t run = writer_.begin_run(a_start(name));
    writer_.write(events);
    return run;
  }
  static Event evaluated(double accuracy) {
    return Evaluated{
        .step = 1, .wall_secs = 1, .split = "test", .num_images = 1, .accuracy = accuracy, .loss = 1, .setting = ""};
  }
  std::vector<std::string> names(const RunQuery& wanted) const {
    std::vector<std::string> found;
    for (const RunSummary& run : reader_.list_runs(wanted)) found.push_back(run.name);
    return found;
  }

  SessionStore store_;
  RunWriter writer_;
  RunReader reader_;
};

TEST_F(RunReaderTest, SortsAndPagesTheRunTable) {
  add_run("b", {evaluated(0.5)});
  add_run("d", {evaluated(0.9)});
  add_run("none");
  add_run("a", {evaluated(0.7)});
  add_run("nan", {evaluated(kNan)});
  EXPECT_THAT(names({}), ElementsAre("nan", "a", "none", "d", "b"));
  EXPECT_THAT(names({.descending = false}), ElementsAre("b", "d", "none", "a", "nan"));
  EXPECT_THAT(names({.order = "name", .descending = false}), ElementsAre("a", "b", "d", "nan", "none"));
  // Runs without a number come last in both directions.
  EXPECT_THAT(names({.order = "test_accuracy"}), ElementsAre("d", "a", "b", "nan", "none"));
  EXPECT_THAT(names({.order = "test_accuracy", .descending = false}), ElementsAre("b", "a", "d", "nan", "none"));
  EXPECT_THAT(names({.order = "test_accuracy", .limit = 2, .offset = 1}), ElementsAre("a", "b"));
  EXPECT_THAT(names({.name_contains = "N"}), ElementsAre("nan", "none"));
  EXPECT_EQ(reader_.count_runs(), 5);
  EXPECT_EQ(reader_.count_runs({.name_contains = "n"}), 2);
  for (const char* order :
       {"state", "step", "wall_secs", "loss", "accuracy", "test_loss", "updated_at", "train.seed"}) {
    EXPECT_EQ(names({.order = order}).size(), 5u);
  }
}

TEST_F(RunReaderTest, TellsNoNumberFromNotANumber) {
  const int64_t none = add_run("none"), nan = add_run("nan", {evaluated(kNan)});
  EXPECT_FALSE(reader_.load_summary(none).test_accuracy.has_value());
  EXPECT_EQ(reader_.load_summary(none).test_step, -1);
  ASSERT_TRUE(reader_.load_summary(nan).test_accuracy.has_value());
  EXPECT_TRUE(std::isnan(*reader_.load_summary(nan).test_accuracy));
}

TEST_F(RunReaderTest, ReadsASeriesByRange) {
  std::vector<Event> events;
  for (int64_t step = 1; step <= 100; ++step) events.emplace_back(a_step(step, static_cast<double>(step)));
  const int64_t run = add_run("a", events);
  add_run("another", {a_step(50, -1)});
  const MetricSeries part = reader_.load_metrics(run, "train/loss", 49, 51);
  EXPECT_THAT(part.steps, ElementsAre(49, 50, 51));
  EXPECT_THAT(part.values, ElementsAre(49, 50, 51));
  EXPECT_THAT(part.wall_secs, ElementsAre(24.5, 25, 25.5));
  EXPECT_EQ(reader_.load_metrics(run, "train/loss").steps.size(), 100u);
  EXPECT_THAT(reader_.load_metrics(run, "no/such").steps, IsEmpty());
  EXPECT_THAT(reader_.metric_keys(run), ElementsAre("train/accuracy", "train/loss"));
}

TEST_F(RunReaderTest, AStepMeasuredTwiceIsKeptTwice) {
  // Training went back to step 1 and did step 2 again, later by the clock.
  const int64_t run = add_run("a", {a_step(1, 4), a_step(2, kNan),
                                    MetricsTaken{{{.key = "train/loss", .step = 2, .wall_secs = 9, .value = 3}}}});
  const MetricSeries series = reader_.load_metrics(run, "train/loss");
  EXPECT_THAT(series.steps, ElementsAre(1, 2, 2));
  EXPECT_EQ(series.values[2], 3);
  EXPECT_EQ(reader_.load_summary(run).loss, 3);
}

TEST_F(RunReaderTest, SettingsFollowTheCommands) {
  const auto command = [](int64_t step, const std::string& key, const std::string& value) {
    return CommandApplied{.step = step, .wall_secs = 0, .key = key, .old_value = "", .new_value = value};
  };
  const int64_t run =
      add_run("a", {command(5, "router.k", "2"), command(5, "run", "pause"), command(9, "router.k", "3")});
  std::vector<std::string> doubts;
  EXPECT_EQ(reader_.config_at(run, 4, doubts).router.k, 1);
  EXPECT_EQ(reader_.config_at(run, 5, doubts).router.k, 2);
  EXPECT_EQ(reader_.config_at(run, 100, doubts).router.k, 3);
  EXPECT_THAT(doubts, IsEmpty());
}

TEST_F(RunReaderTest, GoingBackToACheckpointUndoesTheCommandsAfterIt) {
  const auto command = [](int64_t step, const std::string& key, const std::string& old, const std::string& value) {
    return CommandApplied{.step = step, .wall_secs = 0, .key = key, .old_value = old, .new_value = value};
  };
  // k became 2, the run went on to step 12 and back to step 8, where k is still 2 and the learning rate is the old one.
  const int64_t run = add_run("a", {command(5, "router.k", "1", "2"), command(10, "train.learning_rate", "0.001", "9"),
                                    command(8, "restore", "12", "8"), command(9, "router.k", "2", "3")});
  std::vector<std::string> doubts;
  EXPECT_EQ(reader_.config_at(run, 20, doubts).train.learning_rate, 0.001);
  EXPECT_EQ(reader_.config_at(run, 20, doubts).router.k, 3);
  EXPECT_EQ(reader_.config_at(run, 8, doubts).router.k, 2);
}

TEST_F(RunReaderTest, ARunOfAnotherVersionOpensWithItsDoubts) {
  const int64_t run = add_run("a");
  store_.database().execute("INSERT INTO param_keys_data (key) VALUES ('router.sparkle')");
  store_.database().execute(
      "INSERT INTO params_data SELECT 1, key_id, '7' FROM param_keys_data WHERE key = 'router.sparkle'");
  const StoredRun stored = reader_.load_run(run);
  ASSERT_EQ(stored.config_doubts.size(), 1u);
  EXPECT_THAT(stored.config_doubts[0], HasSubstr("router.sparkle = '7'"));
}

TEST_F(RunReaderTest, AMissingRunIsNamedByEveryQuestion) {
  std::vector<std::string> doubts;
  const std::vector<std::function<void()>> questions = {[&] { reader_.load_run(3); },
                                                        [&] { reader_.load_summary(3); },
                                                        [&] { reader_.metric_keys(3); },
                                                        [&] { reader_.load_metrics(3, "x"); },
                                                        [&] { reader_.latest_checkpoint(3); },
                                                        [&] { reader_.config_at(3, 0, doubts); },
                                                        [&] { RunEditor(store_).rename(3, "x"); },
                                                        [&] { add_note(store_.database(), 3, -1, "x"); }};
  for (const auto& question : questions) {
    const StoreError error = store_error(question);
    EXPECT_EQ(error.problem, StoreProblem::missing);
    EXPECT_THAT(error.what(), HasSubstr("no run 3"));
  }
}

TEST_F(RunReaderTest, NotesAreAboutARunOrAStep) {
  const int64_t run = add_run("a");
  add_note(store_.database(), run, -1, "looks \"good\"");
  add_note(store_.database(), run, 12, "expert 3 died here");
  const StoredRun stored = reader_.load_run(run);
  ASSERT_EQ(stored.notes.size(), 2u);
  EXPECT_EQ(stored.notes[0].step, -1);
  EXPECT_EQ(stored.notes[0].text, "looks \"good\"");
  EXPECT_EQ(stored.notes[1].step, 12);
  EXPECT_EQ(stored.summary.num_notes, 2);
}

}  // namespace
}  // namespace moescope
