// The recorder: what the trainer says is stored, late if need be, and a person is told when it is late.
#include "app/runs/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
constexpr auto kPatience = 60s;  // an upper bound for a loaded machine; waits end as soon as the condition holds

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    options_.store = folder_ / "runs.db";
    options_.interval = 20ms;
  }

  static Event start(const std::string& name = "a run") {
    RunStarted start;
    start.config.name = name;
    return start;
  }
  static Event loss(int64_t step, double value) {
    return MetricsTaken{{{.key = "train/loss", .step = step, .wall_secs = static_cast<double>(step), .value = value}}};
  }
  static Event checkpoint(int64_t step, size_t size) {
    return CheckpointTaken{.step = step,
                           .wall_secs = static_cast<double>(step),
                           .rolling = true,
                           .reason = "rolling",
                           .bytes = std::make_shared<const std::vector<std::byte>>(size, std::byte{7})};
  }
  std::vector<int64_t> stored_steps(int64_t run_id) const {
    const SessionStore store(options_.store, SessionStore::Access::read);
    return RunReader(store).load_metrics(run_id, "train/loss").steps;
  }

  const TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
  RecorderOptions options_;
  Queue<Event> queue_;
};

TEST_F(RecorderTest, CommitsByItselfWhileTheRunGoesOn) {
  Recorder recorder(queue_, options_);
  EXPECT_EQ(recorder.run_id(), 0);
  queue_.push(start());
  queue_.push(loss(1, 2.0));
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_stored == 2; }, kPatience));
  EXPECT_EQ(recorder.run_id(), 1);
  EXPECT_EQ(recorder.state().banner, "");
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1}));
  queue_.push(loss(2, 1.0));
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_stored == 3; }, kPatience));
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1, 2}));
}

TEST_F(RecorderTest, ClosingStoresEverythingAndFreesTheStore) {
  options_.interval = 1h;  // nothing but the end makes it write the losses
  Recorder recorder(queue_, options_);
  queue_.push(start());
  for (int64_t step = 1; step <= 1000; ++step) queue_.push(loss(step, 1.0));
  recorder.close();
  EXPECT_EQ(recorder.state().num_waiting, 0);
  EXPECT_EQ(recorder.state().num_stored, 1001);
  EXPECT_EQ(stored_steps(1).size(), 1000u);
  EXPECT_NO_THROW(SessionStore(options_.store, SessionStore::Access::write));
}

TEST_F(RecorderTest, SeveralRunsOneAfterTheOther) {
  Recorder recorder(queue_, options_);
  queue_.push(start("first"));
  queue_.push(loss(1, 2.0));
  queue_.push(start("second"));
  queue_.push(loss(5, 2.0));
  recorder.close();
  EXPECT_EQ(recorder.run_id(), 2);
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1}));
  EXPECT_EQ(stored_steps(2), std::vector<int64_t>({5}));
}

TEST_F(RecorderTest, ARunThatFailsBeforeItBeginsLeavesNoRow) {
  Recorder recorder(queue_, options_);
  queue_.push(StateChanged{.step = 0, .wall_secs = 0, .state = RunState::failed, .message = "no such data set"});
  recorder.close();
  EXPECT_EQ(recorder.state().banner, "");
  EXPECT_EQ(recorder.state().num_waiting, 0);
  const SessionStore store(options_.store, SessionStore::Access::read);
  EXPECT_EQ(RunReader(store).count_runs(), 0);
}

TEST_F(RecorderTest, AResumedRunThatFailsBeforeItGoesOnStaysAsItWas) {
  {
    Recorder recorder(queue_, options_);
    queue_.push(start());
    queue_.push(loss(1, 1.0));
    queue_.push(StateChanged{.step = 1, .wall_secs = 0, .state = RunState::finished, .message = "steps=1 reached"});
  }
  Queue<Event> later;
  options_.resume = {.run_id = 1, .step = 0};
  Recorder recorder(later, options_);
  later.push(StateChanged{.step = 0, .wall_secs = 0, .state = RunState::failed, .message = "no such data set"});
  recorder.close();
  const SessionStore store(options_.store, SessionStore::Access::read);
  const RunSummary run = RunReader(store).load_summary(1);
  EXPECT_EQ(run.state, RunState::finished);
  EXPECT_EQ(run.message, "steps=1 reached");
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1})) << "step 1 was not to be computed again";
}

TEST_F(RecorderTest, ResumesAStoredRun) {
  {
    Recorder recorder(queue_, options_);
    queue_.push(start());
    for (int64_t step = 1; step <= 4; ++step) queue_.push(loss(step, 1.0));
  }
  Queue<Event> later;
  options_.resume = {.run_id = 1, .step = 2};
  Recorder recorder(later, options_);
  later.push(start());
  later.push(loss(3, 1.0));
  recorder.close();
  EXPECT_EQ(recorder.run_id(), 1);
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1, 2, 3}));
}

TEST_F(RecorderTest, AStoreThatAnotherProgramHoldsIsAnErrorThatNamesIt) {
  const SessionStore other(options_.store, SessionStore::Access::write);
  try {
    const Recorder recorder(queue_, options_);
    FAIL() << "no StoreError";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.problem, StoreProblem::locked);
    EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(getpid())));
  }
}

TEST_F(RecorderTest, WaitsForAStoreThatAnotherProgramHolds) {
  auto other = std::make_unique<SessionStore>(options_.store, SessionStore::Access::write);
  options_.wait_for_store = true;
  Recorder recorder(queue_, options_);
  queue_.push(start());
  queue_.push(loss(1, 2.0));
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_failures >= 2; }, kPatience));
  EXPECT_THAT(recorder.state().banner, HasSubstr("2 records"));
  EXPECT_THAT(recorder.state().banner, HasSubstr("is writing to it"));
  EXPECT_EQ(recorder.run_id(), 0);
  other.reset();
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_stored == 2; }, kPatience));
  EXPECT_EQ(recorder.state().banner, "");
  EXPECT_EQ(recorder.state().num_waiting, 0);
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1}));
}

/// No file of this process may grow beyond so many bytes: what a full disk looks like to SQLite.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    rlimit limit = old_limit_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int);
};

TEST_F(RecorderTest, KeepsEverythingInMemoryWhileTheDiskIsFull) {
  Recorder recorder(queue_, options_);
  queue_.push(start());
  queue_.push(checkpoint(1, 1000));
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_stored == 2; }, kPatience));
  {
    const FileSizeLimit full(1 << 20);
    queue_.push(loss(1, 3.0));
    queue_.push(checkpoint(2, size_t{4} << 20));
    ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_failures > 0; }, kPatience));
    queue_.push(loss(2, 2.0));
    queue_.push(checkpoint(3, size_t{5} << 20));
    // Whether the first loss is still waiting depends on which of the two threads was faster.
    ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.waiting_bytes > 5 << 20; }, kPatience));
    const RecorderState state = recorder.state();
    EXPECT_THAT(state.banner, HasSubstr("free some space"));
    EXPECT_THAT(state.banner, HasSubstr("wait in memory"));
    EXPECT_LT(state.waiting_bytes, 6 << 20);  // the checkpoint of step 3 has taken the place of step 2's
    // What was stored before is still there.
    const SessionStore store(options_.store, SessionStore::Access::read);
    EXPECT_EQ(RunReader(store).latest_checkpoint(1)->step, 1);
  }
  ASSERT_TRUE(recorder.wait_until([](const RecorderState& s) { return s.num_waiting == 0; }, kPatience));
  EXPECT_EQ(recorder.state().banner, "");
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1, 2}));
  const SessionStore store(options_.store, SessionStore::Access::read);
  const auto checkpoints = list_checkpoints(store.database(), 1);
  ASSERT_EQ(checkpoints.size(), 1u);
  EXPECT_EQ(checkpoints[0].step, 3);
  EXPECT_EQ(load_checkpoint(store.database(), checkpoints[0].checkpoint_id).size(), size_t{5} << 20);
}

TEST_F(RecorderTest, SaysHowManyRoutingMapsMemoryHadNoRoomFor) {
  auto other = std::make_unique<SessionStore>(options_.store, SessionStore::Access::write);
  options_.wait_for_store = true;
  options_.max_waiting_bytes = 100'000;
  Recorder recorder(queue_, options_);
  queue_.push(start());
  RoutingTaken routing{.image = "test 1", .map = {}};
  routing.map.num_tokens = 100;
  routing.map.num_experts = 100;
  routing.map.gates.resize(10'000);  // 40 kB: two fit
  for (int i = 0; i < 5; ++i) queue_.push(routing);
  queue_.push(loss(1, 1.0));
  ASSERT_TRUE(
      recorder.wait_until([](const RecorderState& s) { return s.num_waiting == 4 && s.num_failures > 0; }, kPatience));
  EXPECT_THAT(recorder.state().banner, HasSubstr("3 routing maps had to be dropped"));
  other.reset();
  recorder.close();
  const SessionStore store(options_.store, SessionStore::Access::read);
  const StoredRun run = RunReader(store).load_run(1);
  ASSERT_EQ(run.notes.size(), 1u);
  EXPECT_THAT(run.notes[0].text, HasSubstr("3 routing maps were not stored"));
  EXPECT_EQ(stored_steps(1), std::vector<int64_t>({1}));
}

TEST_F(RecorderTest, WhatCannotBeStoredInTheEndIsTold) {
  const SessionStore other(options_.store, SessionStore::Access::write);
  options_.wait_for_store = true;
  Recorder recorder(queue_, options_);
  queue_.push(start());
  queue_.push(loss(1, 1.0));
  recorder.close();
  EXPECT_EQ(recorder.state().num_waiting, 2);
  EXPECT_NE(recorder.state().banner, "");
}

}  // namespace
}  // namespace moescope
