// kill -9 in the middle of real training, again and again: the store opens, checks clean, loses little, and the resumed
// run is the one that nobody killed, to the last bit. MOESCOPE_KILLS says how often; ./test full: 1,000 times.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "compute/train/checkpoint.h"
#include "sessions/check.h"
#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"
#include "support/program_process.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::IsEmpty;

constexpr int64_t kSteps = 160;  // twenty epochs of eight; each ends with an evaluation and a checkpoint
constexpr const char* kStop = "steps=160";

int kills_asked() {
  const char* asked = std::getenv("MOESCOPE_KILLS");
  return asked != nullptr ? std::atoi(asked) : 25;
}

class Kills : public testing::Test {
 protected:
  std::vector<std::string> training(const std::string& store) const {
    std::vector<std::string> arguments = tiny_training("train", store);
    for (const char* more : {"--set", "data.train_limit=128", "--stop", kStop}) arguments.emplace_back(more);
    return arguments;
  }
  std::string log(const std::string& path = "") const {
    std::ifstream file(path.empty() ? log_ : path);
    return (std::ostringstream() << file.rdbuf()).str();
  }

  /// False when the program was killed before it made the store, or before the first byte of it: the next one does.
  bool store_begun() const {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(store_, missing);
    return !missing && bytes > 0;
  }

  struct LatestRun {
    int64_t run_id = 0, checkpoint_step = -1;  // -1: no checkpoint, so the run cannot be resumed
    RunState state = RunState::preparing;
    double lost_secs = 0;  // what was trained and cannot be resumed from
  };
  LatestRun latest_run() const {
    LatestRun latest;
    if (!store_begun()) return latest;
    const SessionStore store(store_, SessionStore::Access::read);
    const RunReader reader(store);
    const auto runs = reader.list_runs({.limit = 1});
    if (runs.empty()) return latest;
    latest.run_id = runs[0].run_id, latest.state = runs[0].state;
    if (const auto checkpoint = reader.latest_checkpoint(latest.run_id)) {
      latest.checkpoint_step = checkpoint->step;
      load_checkpoint(store.database(), checkpoint->checkpoint_id);  // throws when a byte of it is wrong
      latest.lost_secs = std::max(0.0, runs[0].wall_secs - checkpoint->wall_secs);
    }
    return latest;
  }

  /// Every row of every step, also those that were trained twice, and the weights at the end.
  void expect_same_as_never_killed(int64_t run_id) const {
    const SessionStore sound(never_killed_, SessionStore::Access::read), killed(store_, SessionStore::Access::read);
    const MetricSeries expected = RunReader(sound).load_metrics(1, "train/loss"),
                       series = RunReader(killed).load_metrics(run_id, "train/loss");
    ASSERT_EQ(expected.steps.size(), static_cast<size_t>(kSteps));
    ASSERT_GE(series.steps.size(), expected.steps.size());
    std::vector<int> seen(kSteps, 0);
    for (size_t i = 0; i < series.steps.size(); ++i) {
      const auto at = static_cast<size_t>(series.steps[i] - 1);
      ASSERT_EQ(series.values[i], expected.values.at(at)) << "run " << run_id << ", step " << series.steps[i];
      ++seen[at];
    }
    EXPECT_THAT(seen, testing::Each(testing::Ge(1))) << "run " << run_id << " lost a step";
    const auto weights = [](const SessionStore& store, int64_t run) {
      return load_checkpoint(store.database(), RunReader(store).latest_checkpoint(run)->checkpoint_id);
    };
    const std::vector<std::byte> ours = weights(killed, run_id), theirs = weights(sound, 1);
    const Checkpoint a = read_checkpoint(ours, "killed"), b = read_checkpoint(theirs, "never killed");
    ASSERT_EQ(a.head.place.step, kSteps);
    ASSERT_EQ(a.entries.size(), b.entries.size());
    for (size_t i = 0; i < a.entries.size(); ++i) {
      for (size_t j = 0; j < a.entries[i].arrays.size(); ++j)
        ASSERT_TRUE(std::ranges::equal(a.entries[i].arrays[j], b.entries[i].arrays.at(j))) << a.entries[i].name;
    }
  }

  const TempFolder temp_;
  const std::string store_ = temp_ / "runs.db", never_killed_ = temp_ / "never_killed.db", log_ = temp_ / "log.txt";
};

TEST_F(Kills, AtRandomMomentsCostLittleAndChangeNothing) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(ProgramProcess(training(never_killed_), log_).wait(), 0) << log();
  const double whole_secs = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  // Short enough to hit the start and the first steps often, long enough that every run comes to its end.
  std::mt19937 random(20261122);
  std::uniform_real_distribution<double> moment(0, 0.7 * whole_secs);
  const int asked = kills_asked();
  int kills = 0, finished = 0, resumed = 0;
  double most_lost = 0;
  for (int round = 0; kills < asked || finished == 0; ++round) {
    ASSERT_LT(round, 20 * asked + 200) << "no run comes to its end";
    const LatestRun before = latest_run();
    const bool resume = before.checkpoint_step >= 0 && before.state != RunState::finished;
    ProgramProcess process(
        resume ? std::vector<std::string>{"train", "--store", store_, "--resume", "latest", "--stop", kStop}
               : training(store_),
        log_);
    if (resume) ++resumed;
    if (kills < asked) {
      usleep(static_cast<useconds_t>(moment(random) * 1e6));
      if (process.kill_now()) ++kills;
    } else {
      process.wait();
    }
    ASSERT_TRUE(process.exit_status() == 0 || process.exit_status() == -SIGKILL) << process.exit_status() << log();
    if (!store_begun()) continue;

    ASSERT_THAT(check_store(store_), IsEmpty()) << "round " << round;
    const LatestRun after = latest_run();
    if (resume) {
      ASSERT_EQ(after.run_id, before.run_id);
      ASSERT_GE(after.checkpoint_step, before.checkpoint_step) << "round " << round;
    }
    most_lost = std::max(most_lost, after.lost_secs);
    ASSERT_LE(after.lost_secs, 10) << "round " << round;
    if (after.state == RunState::finished && after.checkpoint_step == kSteps &&
        (before.run_id != after.run_id || before.state != RunState::finished)) {
      ++finished;
      ASSERT_NO_FATAL_FAILURE(expect_same_as_never_killed(after.run_id));
      // The next run gets a store of its own: checking takes as long as the store is large.
      for (const char* part : {"", "-wal", "-shm", "-writer"}) std::filesystem::remove(store_ + part);
    }
  }
  std::cout << kills << " kills, " << resumed << " resumes, " << finished << " runs to their end; at most " << most_lost
            << " s lost\n";
  EXPECT_GE(resumed, asked / 4);  // else the moments were badly chosen and the test proves little
}

TEST_F(Kills, TwoProgramsOnOneStoreDoNotDisturbEachOther) {
  const std::string first_log = temp_ / "first.txt";
  std::vector<std::string> long_training = tiny_training("train", store_);
  for (const char* more : {"--stop", "steps=1000000"}) long_training.emplace_back(more);
  ProgramProcess first(long_training, first_log);
  const auto checkpoint_step = [&] {
    try {
      return latest_run().checkpoint_step;
    } catch (const StoreError&) { return int64_t{-1}; }  // being made
  };
  while (checkpoint_step() < 4) {
    ASSERT_FALSE(first.ended()) << log(first_log);
    usleep(10000);
  }
  // A second one that wants to record is told who holds the store; whoever looks or curates is served.
  EXPECT_EQ(ProgramProcess(training(store_), log_).wait(), 2);
  EXPECT_THAT(log(), testing::HasSubstr("another"));
  for (const std::vector<std::string>& asked :
       std::vector<std::vector<std::string>>{{"runs", "list"},
                                             {"runs", "star", "1"},
                                             {"runs", "query", "SELECT count(*) FROM metrics"},
                                             {"runs", "check"},
                                             {"eval", "1"}}) {
    std::vector<std::string> arguments = asked;
    arguments.insert(arguments.end(), {"--store", store_});
    EXPECT_EQ(ProgramProcess(arguments, log_).wait(), 0) << asked[1] << "\n" << log();
  }
  EXPECT_TRUE(first.kill_now()) << "the first program did not go on";
  EXPECT_THAT(check_store(store_), IsEmpty());
}

}  // namespace
