// Sweeps and replays: what is done stays done, what was begun goes on, and a run can be done again to the last bit.
#include "app/runs/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/runs/replay.h"
#include "compute/records/config_fields.h"
#include "sessions/checkpoints.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Sweep : public testing::Test {
 protected:
  Outcome tiny(const std::string& command, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = tiny_training(command, store_);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  int64_t num_runs() const {
    const SessionStore store(store_, SessionStore::Access::read);
    return RunReader(store).count_runs();
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(Sweep, AGridHasEveryCombinationAndAListWhatItSays) {
  const auto names = [](const std::vector<SweepCell>& cells) {
    std::vector<std::string> found;
    for (const SweepCell& cell : cells) found.push_back(cell.name);
    return found;
  };
  EXPECT_THAT(names(sweep_cells({}, {"router.k=1,2", "train.seed=5,6"}, {})),
              ElementsAre("router.k=1 train.seed=5", "router.k=1 train.seed=6", "router.k=2 train.seed=5",
                          "router.k=2 train.seed=6"));
  const auto list = sweep_cells({}, {}, {"router.k=1", "router.k=2  train.seed=1"});
  EXPECT_THAT(names(list), ElementsAre("router.k=1", "router.k=2 train.seed=1"));
  EXPECT_EQ(list[1].config.train.seed, 1);
  EXPECT_THROW(sweep_cells({}, {}, {}), ConfigError);
  EXPECT_THROW(sweep_cells({}, {"router.k=1"}, {"router.k=2"}), ConfigError);
  EXPECT_THROW(sweep_cells({}, {"router.k"}, {}), ConfigError);
  EXPECT_THROW(sweep_cells({}, {"router.kk=1"}, {}), ConfigError);
  EXPECT_THROW(sweep_cells({}, {"router.k=1,1"}, {}), ConfigError);
  EXPECT_THROW(sweep_cells({}, {"router.k=1", "router.k=2"}, {}), ConfigError);
}

TEST_F(Sweep, EachCellIsARunAndDoneOnce) {
  const std::vector<std::string> axes = {
      "--over", "router.scale_init=1,8", "--over", "train.seed=0,1", "--stop", "steps=2", "--name", "grid"};
  const Outcome first = tiny("sweep", axes);
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("cell 4 of 4: router.scale_init=8 train.seed=1, about "));
  EXPECT_EQ(num_runs(), 4);
  const Outcome again = tiny("sweep", axes);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(num_runs(), 4);
  EXPECT_EQ(again.out, first.out);
  EXPECT_THAT(again.out, HasSubstr("router.scale_init=8 train.seed=1    4  done      2"));
  EXPECT_THAT(run_program({"runs", "list", "--store", store_, "--tag", "grid", "--group", "router.scale_init",
                           "--format", "csv"})
                  .out,
              AllOf(HasSubstr("\n1.0,2,"), HasSubstr("\n8.0,2,")));
  std::vector<std::string> other = axes;
  other.insert(other.end(), {"--set", "train.learning_rate=0.5"});
  EXPECT_THAT(tiny("sweep", other).err, HasSubstr("give the new sweep another --name"));
}

TEST_F(Sweep, ALongerStopRuleLengthensTheScheduleAsForASingleRun) {
  const std::vector<std::string> longer = {"--set", "train.schedule_steps=0", "--stop", "epochs=4"};
  std::vector<std::string> cells = longer;
  cells.insert(cells.end(), {"--over", "train.seed=0", "--name", "longer"});
  ASSERT_EQ(tiny("sweep", cells).status, 0);
  ASSERT_EQ(tiny("train", longer).status, 0);
  std::vector<std::string> pair = tiny_training("twins", store_);
  pair.insert(pair.begin() + 1, {"default", "dense-s"});
  pair.insert(pair.end(), longer.begin(), longer.end());
  ASSERT_EQ(run_program(pair).status, 0);
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  const auto rates = [&](int64_t run) { return reader.load_metrics(run, "train/learning_rate").values; };
  ASSERT_EQ(rates(1).size(), 16u);
  EXPECT_GT(rates(1)[13], 0);  // beyond the three epochs that the preset has
  EXPECT_EQ(rates(1), rates(2));
  EXPECT_EQ(rates(3), rates(2));
}

TEST_F(Sweep, ACellThatWasKilledGoesOnToTheSameNumbers) {
  const std::vector<std::string> axes = {"--over", "train.seed=3", "--stop", "steps=8",
                                         "--name", "killed",       "--set",  "train.eval_every=2"};
  // As kill -9 leaves it: epochs are checkpoints, so the run can go on from step 4.
  ASSERT_EQ(tiny("sweep", axes).status, 0);
  std::vector<double> whole;
  {
    const SessionStore store(store_, SessionStore::Access::write);
    whole = RunReader(store).load_metrics(1, "train/loss").values;
    store.database().execute(
        "UPDATE runs SET state = 'running', message = ''; DELETE FROM checkpoints WHERE step > 4;"
        "DELETE FROM events WHERE step > 4; DELETE FROM metrics_data WHERE step > 6");
  }
  const Outcome resumed = tiny("sweep", axes);
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(num_runs(), 1);
  const SessionStore store(store_, SessionStore::Access::read);
  EXPECT_EQ(RunReader(store).load_metrics(1, "train/loss").values, whole);
}

TEST_F(Sweep, AReplayKnowsWhetherACheckpointIsOfBeforeOrAfterANewRouter) {
  ASSERT_EQ(tiny("train", {"--stop", "steps=4"}).status, 0);
  ASSERT_EQ(run_program({"train", "--store", store_, "--resume", "1", "--stop", "steps=8", "--set",
                         "router.kind=tokens_choice"})
                .status,
            0);
  const Outcome replayed = run_program({"runs", "replay", "1", "--store", store_});
  EXPECT_EQ(replayed.status, 0) << replayed.out << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("8 losses and the weights of 3 checkpoints compared, all the same"));
}

TEST_F(Sweep, AReplayIsTheSameToTheLastBitKnobsIncluded) {
  ASSERT_EQ(tiny("train", {"--stop", "steps=4"}).status, 0);
  // Resumed with another rate and temperature: two knobs turned at step 4.
  ASSERT_EQ(run_program({"train", "--store", store_, "--resume", "1", "--stop", "steps=8", "--set",
                         "train.learning_rate=0.01", "--set", "router.temperature=2"})
                .status,
            0);
  {
    const SessionStore store(store_, SessionStore::Access::edit);
    store.database().execute(
        "UPDATE environment SET value = '1.5' WHERE key = 'peak_gflops';"
        "UPDATE environment SET value = 'an older one' WHERE key = 'compiler'");
  }
  const Outcome replayed = run_program({"runs", "replay", "1", "--store", store_});
  EXPECT_EQ(replayed.status, 0) << replayed.out << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr(", was an older one\n"));
  EXPECT_THAT(replayed.out, Not(HasSubstr("peak_gflops"))) << "measured anew, it is never the same";
  EXPECT_THAT(replayed.out,
              HasSubstr("steps 1 to 8 done again: 8 losses and the weights of 3 checkpoints compared, all the same"));

  ASSERT_EQ(run_program({"train", "--store", store_, "--branch", "1@4", "--stop", "steps=6"}).status, 0);
  EXPECT_THAT(run_program({"runs", "replay", "2", "--store", store_}).out,
              HasSubstr("steps 5 to 6 done again: 2 losses"));
  {
    const SessionStore store(store_, SessionStore::Access::edit);
    store.database().execute("DELETE FROM commands WHERE key = 'router.temperature'");
  }
  const Outcome forgotten = run_program({"runs", "replay", "1", "--store", store_});
  EXPECT_EQ(forgotten.status, 1);
  EXPECT_THAT(forgotten.out, AllOf(HasSubstr("the loss of step 5 is "), HasSubstr("after step 8 ")));
  EXPECT_EQ(run_program({"runs", "replay", "1", "--steps", "4", "--store", store_}).status, 0);  // until then it is
}

}  // namespace
