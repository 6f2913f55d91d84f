// A run's life in the store: begun, recorded, read back, resumed.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "compute/records/config_fields.h"
#include "sessions/checkpoints.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

class RunWriterTest : public StoreTest {};

TEST_F(RunWriterTest, ARunIsReadBackAsItWasWritten) {
  RunStarted start = a_start("soft, 16 experts");
  start.config.router.kind = RouterKind::tokens_choice;
  start.config.train.learning_rate = 0.1 + 0.2;  // 0.30000000000000004: text must bring back every bit
  start.config.data.path = "a folder; with 'quotes'";
  {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    const std::vector<Event> events = {
        start,
        StateChanged{.step = 0, .wall_secs = 0, .state = RunState::running, .message = ""},
        a_step(1, 2.5),
        CommandApplied{.step = 1, .wall_secs = 0.75, .key = "router.k", .old_value = "1", .new_value = "2"},
        a_step(2, 1.5),
        Evaluated{.step = 2,
                  .wall_secs = 1.25,
                  .split = "test",
                  .num_images = 100,
                  .accuracy = 0.5,
                  .loss = 1.25,
                  .setting = ""},
        Evaluated{.step = 2,
                  .wall_secs = 1.5,
                  .split = "test",
                  .num_images = 100,
                  .accuracy = 0.25,
                  .loss = 2.25,
                  .setting = "router.capacity_factor=0.5"},
        StateChanged{.step = 2, .wall_secs = 1.75, .state = RunState::finished, .message = "all steps done"},
    };
    writer.write(events);
    EXPECT_EQ(writer.run_id(), 1);
  }
  const SessionStore store = open_reader();
  const StoredRun run = RunReader(store).load_run(1);
  EXPECT_EQ(run.config_doubts, std::vector<std::string>{});
  const auto expected = list_fields(start.config), stored = list_fields(run.config);
  ASSERT_EQ(expected.size(), stored.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(stored[i].value, expected[i].value) << expected[i].field.key;
  EXPECT_EQ(run.environment, start.environment);

  EXPECT_EQ(run.summary.name, "soft, 16 experts");
  EXPECT_EQ(run.summary.router, "tokens_choice");
  EXPECT_EQ(run.summary.dataset, "fashion_mnist");
  EXPECT_EQ(run.summary.state, RunState::finished);
  EXPECT_FALSE(run.summary.interrupted);
  EXPECT_EQ(run.summary.message, "all steps done");
  EXPECT_EQ(run.summary.num_parameters, 1234567);
  EXPECT_EQ(run.summary.gflops_per_image, 0.25);
  EXPECT_EQ(run.summary.step, 2);
  EXPECT_EQ(run.summary.wall_secs, 1.75);
  EXPECT_EQ(run.summary.loss, 1.5);
  EXPECT_EQ(run.summary.accuracy, 0.4);
  EXPECT_EQ(run.summary.test_accuracy, 0.5);  // the plain evaluation, not the one with another capacity

  ASSERT_EQ(run.commands.size(), 1u);
  EXPECT_EQ(run.commands[0].key, "router.k");
  EXPECT_EQ(run.commands[0].old_value, "1");
  EXPECT_EQ(run.commands[0].new_value, "2");
  EXPECT_EQ(run.commands[0].step, 1);
  ASSERT_EQ(run.evaluations.size(), 2u);
  EXPECT_EQ(run.evaluations[1].setting, "router.capacity_factor=0.5");
  ASSERT_EQ(run.states.size(), 2u);
  EXPECT_EQ(run.states[0].state, RunState::running);
}

TEST_F(RunWriterTest, NanAndInfinitiesComeBackAsThemselves) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  const std::vector<Event> events = {
      MetricsTaken{{a_metric("train/loss", 1, kInf), a_metric("train/loss", 2, -kInf), a_metric("train/loss", 3, kNan),
                    a_metric("train/loss", 4, 1e308)}},
      MetricsTaken{{a_metric("train/loss", 5, kNan)}},
      Evaluated{
          .step = 5, .wall_secs = 3, .split = "test", .num_images = 1, .accuracy = 0.1, .loss = kNan, .setting = ""}};
  writer.write(events);
  const RunReader reader(store);
  const MetricSeries series = reader.load_metrics(run, "train/loss");
  ASSERT_EQ(series.values.size(), 5u);
  EXPECT_EQ(series.values[0], kInf);
  EXPECT_EQ(series.values[1], -kInf);
  EXPECT_TRUE(std::isnan(series.values[2]));
  EXPECT_EQ(series.values[3], 1e308);
  EXPECT_THAT(series.steps, ElementsAre(1, 2, 3, 4, 5));
  // A diverged loss is a value, not an absent one.
  const RunSummary summary = reader.load_summary(run);
  ASSERT_TRUE(summary.loss.has_value());
  EXPECT_TRUE(std::isnan(*summary.loss));
  EXPECT_TRUE(std::isnan(reader.load_run(run).evaluations.at(0).loss));
}

TEST_F(RunWriterTest, AFailedBatchLeavesNothingBehindAndCanBeWrittenAgain) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  // The store has room for a few pages more, the batch needs a thousand.
  const int64_t pages = store.database().integer("PRAGMA page_count");
  store.database().execute("PRAGMA max_page_count = " + std::to_string(pages + 4));
  const std::vector<Event> batch = {a_step(1, 2), a_checkpoint(1, size_t{4} << 20), a_step(2, 1)};
  const StoreError error = store_error([&] { writer.write(batch); });
  EXPECT_EQ(error.problem, StoreProblem::full);
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.what(), testing::HasSubstr("free some space"));
  const RunReader reader(store);
  EXPECT_THAT(reader.metric_keys(run), ElementsAre());
  EXPECT_EQ(reader.load_summary(run).step, 0);

  store.database().execute("PRAGMA max_page_count = 1000000");
  writer.write(batch);
  EXPECT_THAT(reader.load_metrics(run, "train/loss").steps, ElementsAre(1, 2));
  EXPECT_EQ(reader.latest_checkpoint(run)->step, 1);
}

TEST_F(RunWriterTest, AFailedStartDoesNotLeaveLaterEventsWithoutARun) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  store.database().execute("PRAGMA max_page_count = 1");  // raised by SQLite to what there is: no page can be added
  const std::vector<Event> batch = {a_start(), a_checkpoint(1, size_t{4} << 20)};
  store_error([&] { writer.write(batch); });
  EXPECT_EQ(writer.run_id(), 0);
  store.database().execute("PRAGMA max_page_count = 1000000");
  writer.write(batch);
  EXPECT_EQ(RunReader(store).count_runs(), 1);
  EXPECT_EQ(RunReader(store).latest_checkpoint(writer.run_id())->num_bytes, 4 << 20);
}

TEST_F(RunWriterTest, AnotherProgramsTransactionIsWaitedForAndThenTold) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  store.database().execute("PRAGMA busy_timeout = 10");  // milliseconds; a person's sqlite3 shell holds it for minutes
  const std::vector<Event> batch = {a_step(1, 2)};
  const Database shell(path_, Database::Mode::write);
  {
    const Transaction held(shell);
    const StoreError error = store_error([&] { writer.write(batch); });
    EXPECT_EQ(error.problem, StoreProblem::locked);
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), testing::HasSubstr("another program"));
  }
  writer.write(batch);
  EXPECT_THAT(RunReader(store).load_metrics(run, "train/loss").steps, ElementsAre(1));
}

TEST_F(RunWriterTest, EventsBeforeARunAreADefect) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const std::vector<Event> events = {a_step(1, 2)};
  EXPECT_THROW(writer.write(events), std::logic_error);
}

TEST_F(RunWriterTest, ResumingRemovesWhatWillBeComputedAgain) {
  const SessionStore store = open_writer();
  int64_t run = 0;
  {
    RunWriter writer(store);
    run = writer.begin_run(a_start());
    std::vector<Event> events;
    for (int64_t step = 1; step <= 10; ++step) events.emplace_back(a_step(step, 1.0 / static_cast<double>(step)));
    events.emplace_back(a_checkpoint(6, 100));
    events.emplace_back(CommandApplied{
        .step = 4, .wall_secs = 2, .key = "train.learning_rate", .old_value = "0.001", .new_value = "0.01"});
    events.emplace_back(CommandApplied{
        .step = 8, .wall_secs = 4, .key = "train.learning_rate", .old_value = "0.01", .new_value = "0.5"});
    events.emplace_back(Evaluated{
        .step = 5, .wall_secs = 2.5, .split = "test", .num_images = 9, .accuracy = 0.5, .loss = 1, .setting = ""});
    events.emplace_back(Evaluated{
        .step = 9, .wall_secs = 4.5, .split = "test", .num_images = 9, .accuracy = 0.9, .loss = 1, .setting = ""});
    writer.write(events);
  }
  RunWriter writer(store);
  const RunReader reader(store);
  EXPECT_TRUE(reader.load_summary(run).interrupted);
  writer.resume_run(run, 6);
  // Until training really goes on nothing is lost: the data set may be gone, the device refuse.
  EXPECT_EQ(reader.load_metrics(run, "train/loss").steps.back(), 10);
  EXPECT_EQ(reader.load_summary(run).test_accuracy, 0.9);

  // The program goes on with the settings of step 6, except for the weight decay that the user gave anew.
  std::vector<std::string> doubts;
  RunStarted start = a_start();
  start.config = reader.config_at(run, 6, doubts);
  EXPECT_EQ(start.config.train.learning_rate, 0.01);
  start.config.train.weight_decay = 0.125;
  start.environment = {{"cpu", "Another CPU"}, {"threads", "2"}};
  writer.write(std::vector<Event>{start});
  EXPECT_THAT(reader.load_metrics(run, "train/loss").steps, ElementsAre(1, 2, 3, 4, 5, 6));
  StoredRun stored = reader.load_run(run);
  EXPECT_FALSE(stored.summary.interrupted);
  EXPECT_EQ(stored.summary.step, 6);
  EXPECT_EQ(stored.summary.wall_secs, 3);
  EXPECT_EQ(stored.summary.loss, 1.0 / 6);
  EXPECT_EQ(stored.summary.test_accuracy, 0.5);
  EXPECT_EQ(stored.checkpoints.size(), 1u);

  writer.write(std::vector<Event>{a_step(7, 0.25)});
  EXPECT_EQ(writer.run_id(), run);
  stored = reader.load_run(run);
  EXPECT_EQ(reader.count_runs(), 1);
  ASSERT_EQ(stored.commands.size(), 2u);
  EXPECT_EQ(stored.commands[1].key, "train.weight_decay");
  EXPECT_EQ(stored.commands[1].old_value, "0.05");
  EXPECT_EQ(stored.commands[1].new_value, "0.125");
  EXPECT_EQ(stored.commands[1].step, 6);
  EXPECT_EQ(stored.environment, start.environment);
  EXPECT_EQ(store.database().integer("SELECT count(*) FROM environment"), 3);  // the old CPU is still told
  EXPECT_THAT(reader.load_metrics(run, "train/loss").steps, ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(RunWriterTest, WhatSomebodyElseTrainedMeanwhileIsNotCutOff) {
  const SessionStore store = open_writer();
  int64_t run = 0;
  {
    RunWriter writer(store);
    run = writer.begin_run(a_start());
    writer.write(std::vector<Event>{a_step(6, 0.5), a_checkpoint(6, 100), a_step(9, 0.25), a_checkpoint(9, 100)});
  }
  RunWriter writer(store);
  const StoreError error = store_error([&] { writer.resume_run(run, 6); });
  EXPECT_THAT(error.what(), testing::HasSubstr("has been trained to step 9 since step 6"));
  const RunReader reader(store);
  ASSERT_EQ(reader.load_run(run).checkpoints.size(), 1u);
  EXPECT_EQ(reader.load_run(run).checkpoints[0].step, 9);
  EXPECT_THAT(reader.load_metrics(run, "train/loss").steps, ElementsAre(6, 9));
  writer.resume_run(run, 9);
  {  // Another program trains on between our reading and our first record.
    RunWriter other(store);
    other.resume_run(run, 9);
    other.write(std::vector<Event>{a_start(), a_step(12, 0.25), a_checkpoint(12, 100)});
  }
  EXPECT_EQ(store_error([&] { writer.write(std::vector<Event>{a_start()}); }).problem, StoreProblem::missing);
  EXPECT_EQ(reader.load_run(run).checkpoints.back().step, 12);
}

TEST_F(RunWriterTest, AResumedRunMayHaveAnotherName) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  writer.resume_run(run, 0);
  RunStarted start = a_start();
  start.config.name = "renamed";
  writer.write(std::vector<Event>{start});
  EXPECT_EQ(RunReader(store).load_summary(run).name, "renamed");
}

TEST_F(RunWriterTest, ResumingAMissingRunSaysSo) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const StoreError error = store_error([&] { writer.resume_run(7, 0); });
  EXPECT_EQ(error.problem, StoreProblem::missing);
  EXPECT_THAT(error.what(), testing::HasSubstr("no run 7"));
}

TEST_F(RunWriterTest, ARunWhoseProcessDiedIsInterruptedOnceSomebodyElseWrites) {
  {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    const std::vector<Event> events = {
        a_start(), StateChanged{.step = 0, .wall_secs = 0, .state = RunState::running, .message = ""}};
    writer.write(events);
    const SessionStore reader = open_reader();
    EXPECT_FALSE(RunReader(reader).load_summary(1).interrupted);
  }
  {
    const SessionStore store = open_reader();  // nobody writes any more, though the row still says running
    EXPECT_TRUE(RunReader(store).load_summary(1).interrupted);
  }
  const SessionStore store = open_writer();
  const RunWriter writer(store);
  const StoredRun run = RunReader(store).load_run(1);
  EXPECT_TRUE(run.summary.interrupted);
  EXPECT_THAT(run.states.back().message, testing::HasSubstr("while it was running"));
}

}  // namespace
}  // namespace moescope
