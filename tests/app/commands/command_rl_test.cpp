// `moescope rl` as a person meets it: trains, goes on to the same bits, survives kill -9, plays, and refuses aloud.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "app/agents/rl_headless.h"
#include "app/tools/exit_status.h"
#include "compute/records/rl_presets.h"
#include "sessions/checkpoints.h"
#include "sessions/run_params.h"
#include "sessions/run_reader.h"
#include "support/program_process.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class CommandRl : public testing::Test {
 protected:
  /// `rl train` of a network small enough for a test, in `store`.
  std::vector<std::string> training(const std::string& store, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"rl", "train", "breakout", "--preset", "soft", "--store", store};
    for (const char* setting :
         {"filters=4", "hidden=8", "experts=2", "batch_size=8", "replay_capacity=500", "min_replay=100",
          "epsilon_decay=200", "report_every=50", "threads=1", "checkpoint_secs=1"}) {
      words.push_back("--set");
      words.push_back(setting);
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> resuming(const std::string& store, const std::string& stop) const {
    return {"rl", "train", "--resume", "latest", "--store", store, "--stop", stop};
  }

  /// The newest checkpoint of the only run.
  std::vector<std::byte> last_state(const std::string& path) const {
    const SessionStore store(path, SessionStore::Access::read);
    const auto info = RunReader(store).latest_checkpoint(1);
    return info ? load_checkpoint(store.database(), info->checkpoint_id) : std::vector<std::byte>();
  }
  int64_t last_checkpoint(const std::string& path) const {
    if (!std::filesystem::exists(path)) return -1;
    try {
      const SessionStore store(path, SessionStore::Access::read);
      const RunReader reader(store);
      if (reader.count_runs() == 0) return -1;
      const auto info = reader.latest_checkpoint(1);
      return info ? info->step : -1;
    } catch (const UserError&) {
      return -1;  // it is being made
    }
  }

  TempFolder temp_;
  const std::string store_ = temp_ / "runs.db", other_ = temp_ / "other.db", log_ = temp_ / "log.txt";
};

TEST_F(CommandRl, GoesOnToTheSameBitsAndKeepsWhatItMeasured) {
  const Outcome whole = run_program(training(store_, {"--stop", "steps=800"}));
  ASSERT_EQ(whole.status, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("run 1 soft on breakout: 800 steps"));
  ASSERT_EQ(run_program(training(other_, {"--stop", "steps=450"})).status, 0);
  const Outcome resumed = run_program(resuming(other_, "steps=800"));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(last_state(store_), last_state(other_));
  const SessionStore store(other_, SessionStore::Access::read);
  const RunReader reader(store);
  for (const char* key : {"rl/return", "rl/td_error", "rl/q", "train/loss", "rl/dormant", "layer0/dormant/e1",
                          "layer0/gradient_share/e0", "rl/effective_rank"})
    EXPECT_FALSE(reader.load_metrics(1, key).steps.empty()) << key;
  EXPECT_EQ(reader.load_metrics(1, "rl/q").steps.back(), 800);
  EXPECT_EQ(read_params(reader.database(), 1).at("rl.experts"), "2");
  EXPECT_TRUE(reader.load_run(1).config_doubts.empty());
  EXPECT_EQ(reader.load_summary(1).state, RunState::finished);
}

TEST_F(CommandRl, ARunThatDivergedIsToldApart) {
  // No setting that the command takes is as bad as this one, which is told to the run behind its back.
  rl::RlSetup setup;
  setup.config = load_rl_preset("soft", "breakout");
  setup.config.filters = 4, setup.config.hidden = 8, setup.config.experts = 2;
  setup.config.batch_size = 8, setup.config.replay_capacity = 500, setup.config.min_replay = 100;
  setup.config.threads = 1;
  setup.config.learning_rate = 1e30;
  RecorderOptions recording;
  recording.store = store_;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const RunState end = run_agent(std::move(setup), recording, StopSignals());
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("it would diverge again: begin a new run"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("Diverged: "));
  EXPECT_EQ(end, RunState::diverged);
  EXPECT_EQ(exit_status_of(end), 1);
  EXPECT_EQ(exit_status_of(RunState::finished), 0);
}

TEST_F(CommandRl, SurvivesAKill) {
  {
    ProgramProcess process(training(store_, {"--stop", "steps=4000000"}), log_);
    while (last_checkpoint(store_) <= 0 && !process.ended()) usleep(20'000);  // until there is something to go on from
    EXPECT_TRUE(process.kill_now());
  }
  const int64_t saved = last_checkpoint(store_);
  const Outcome resumed = run_program(resuming(store_, "steps=" + std::to_string(saved + 200)));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  // The same steps by a process that nobody killed.
  const std::string sound = temp_ / "sound.db";
  ASSERT_EQ(run_program(training(sound, {"--stop", "steps=" + std::to_string(saved + 200)})).status, 0);
  EXPECT_EQ(last_state(store_), last_state(sound));
}

TEST_F(CommandRl, SeedsSideBySideGiveTheBitsOfEachAlone) {
  std::vector<std::string> words = training(store_, {"--stop", "steps=400"});
  words.erase(std::find(words.begin(), words.end(), "--preset"), std::find(words.begin(), words.end(), "--store"));
  words[1] = "sweep";
  words.insert(words.end(), {"--presets", "soft", "--seeds", "3", "--at-once", "2"});
  const Outcome swept = run_program(words);
  ASSERT_EQ(swept.status, 0) << swept.err;
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  ASSERT_EQ(reader.count_runs(), 3);
  for (int64_t run = 1; run <= 3; ++run) {
    const std::string seed = read_params(reader.database(), run).at("rl.seed"), alone = temp_ / ("seed" + seed + ".db");
    ASSERT_EQ(run_program(training(alone, {"--stop", "steps=400", "--seed", seed})).status, 0);
    const auto info = reader.latest_checkpoint(run);
    ASSERT_TRUE(info);
    EXPECT_EQ(load_checkpoint(store.database(), info->checkpoint_id), last_state(alone)) << "seed " << seed;
  }
  {
    const SessionStore other(store_, SessionStore::Access::write);  // as another sweep holds it
    const Outcome refused = run_program(words);
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, HasSubstr("is writing to it"));
  }
  const Outcome again = run_program(words);
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(reader.count_runs(), 3) << "what is stored is not trained again";
}

TEST_F(CommandRl, ASweepGoesOnWithWhatWasStopped) {
  std::vector<std::string> words = training(store_, {"--stop", "steps=600"});
  words.erase(std::find(words.begin(), words.end(), "--preset"), std::find(words.begin(), words.end(), "--store"));
  words[1] = "sweep";
  words.insert(words.end(), {"--presets", "soft", "--seeds", "1"});
  ASSERT_EQ(run_program(training(store_, {"--stop", "steps=300", "--seed", "0"})).status, 0);
  {
    const SessionStore store(store_, SessionStore::Access::edit);  // as Ctrl+C leaves it
    store.database().execute("UPDATE runs SET message = 'stopped by request'");
  }
  const Outcome swept = run_program(words);
  ASSERT_EQ(swept.status, 0) << swept.err;
  EXPECT_EQ(RunReader(SessionStore(store_, SessionStore::Access::read)).count_runs(), 1);
  ASSERT_EQ(run_program(training(other_, {"--stop", "steps=600", "--seed", "0"})).status, 0);
  EXPECT_EQ(last_state(store_), last_state(other_));
}

TEST_F(CommandRl, StatisticsCountARunOnceAndCompareOnlyTheSameGames) {
  const auto train = [&](const std::string& game, const std::string& name, const std::string& steps) {
    std::vector<std::string> words = training(store_, {"--stop", steps, "--set", "name=" + name});
    words[2] = game;
    return run_program(words).status;
  };
  ASSERT_EQ(train("breakout", "a", "steps=200"), 0);
  ASSERT_EQ(train("breakout", "a", "steps=400"), 0);  // the same again, further
  ASSERT_EQ(train("asterix", "b", "steps=300"), 0);
  const Outcome stats = run_program({"rl", "stats", "--store", store_});
  ASSERT_EQ(stats.status, 0) << stats.err;
  EXPECT_THAT(stats.out, HasSubstr("2 runs at step 250, where run 3, the shortest, ended"));
  EXPECT_THAT(stats.out, ContainsRegex("b +asterix .* -\n"));  // not better than a in another game
}

TEST_F(CommandRl, StatisticsOfAGameWithNegativeReturnsReachOne) {
  ASSERT_EQ(run_program({"rl", "train", "acrobot", "--store", store_, "--stop", "steps=2500", "--set", "hidden=16",
                         "--set", "report_every=500", "--set", "threads=1"})
                .status,
            0);
  const Outcome stats = run_program({"rl", "stats", "--store", store_, "--last", "0.2", "--profile"});
  EXPECT_THAT(stats.out, HasSubstr("1.000 [1.000, 1.000]"));  // the only arm is the best one
  EXPECT_THAT(stats.out, HasSubstr(" 0.000 "));               // and nothing is left to gain
  EXPECT_THAT(stats.out, ContainsRegex("above 0.90 +above 1.00\n.* 1.00 +0.00\n"));
}

TEST_F(CommandRl, PlaysEvaluatesAndCompares) {
  ASSERT_EQ(run_program(training(store_, {"--stop", "steps=400"})).status, 0);
  ASSERT_EQ(run_program(training(store_, {"--stop", "steps=400", "--seed", "1", "--set", "name=other"})).status, 0);
  const Outcome evaluated = run_program({"rl", "eval", "soft", "--episodes", "3", "--store", store_});
  EXPECT_THAT(evaluated.out, HasSubstr("run 1 soft on breakout at step 400: mean return"));
  const Outcome played = run_program({"rl", "play", "1", "--speed", "0", "--steps", "2", "--keep", "--store", store_});
  EXPECT_THAT(played.out, HasSubstr("expert of each place"));
  EXPECT_THAT(played.out, HasSubstr("A paddle"));
  EXPECT_THAT(played.out, HasSubstr("after 2 steps"));
  const Outcome shown = run_program({"runs", "show", "1", "--store", store_});
  EXPECT_THAT(shown.out, HasSubstr("rl.game = breakout"));
  EXPECT_THAT(shown.out, HasSubstr("rl.experts = 2"));
  EXPECT_EQ(run_program({"runs", "list", "--where", "rl.experts = 2", "--store", store_}).status, 0);
  EXPECT_EQ(run_program({"runs", "check", "--store", store_}).status, 0);
  const Outcome stats = run_program({"rl", "stats", "--store", store_});
  EXPECT_THAT(stats.out, HasSubstr("2 runs at step"));
  EXPECT_THAT(stats.out, HasSubstr("other"));
}

TEST_F(CommandRl, SaysInOneSentenceWhatCannotBe) {
  const auto refused = [&](std::vector<std::string> words) {
    if (words[1] != "stats") words.insert(words.end(), {"--store", store_});
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(refused({"rl", "train", "brakeout"}), HasSubstr("did you mean 'breakout'?"));
  EXPECT_THAT(refused({"rl", "train"}), HasSubstr("no game is named"));
  EXPECT_THAT(refused({"rl", "train", "breakout", "--preset", "sotf"}), HasSubstr("did you mean 'soft'?"));
  EXPECT_THAT(refused({"rl", "train", "breakout", "--set", "expert=2"}), HasSubstr("did you mean 'rl.experts'?"));
  EXPECT_THAT(refused({"rl", "train", "breakout", "--stop", "epochs=2"}), HasSubstr("neither epochs nor accuracy"));
  EXPECT_THAT(refused({"rl", "train", "breakout", "--set", "replay_capacity=100000000000"}),
              HasSubstr("do not fit in"));
  EXPECT_THAT(refused({"rl", "train", "cartpole", "--set", "encoder=minatar"}), HasSubstr("rl.encoder=dense"));
  EXPECT_FALSE(std::filesystem::exists(store_));  // nothing was begun
  ASSERT_EQ(run_program(training(store_, {"--stop", "steps=150"})).status, 0);
  EXPECT_THAT(refused({"rl", "train", "--resume", "latest", "--set", "gamma=0.5"}), HasSubstr("cannot change"));
  EXPECT_THAT(refused({"rl", "train", "breakout", "--resume", "latest"}), HasSubstr("leave them out"));
  const auto of_an_agent = HasSubstr("is of an agent; `moescope rl train --resume`");
  EXPECT_THAT(refused({"train", "--resume", "1"}), of_an_agent);
  EXPECT_THAT(refused({"eval", "1"}), of_an_agent);
  EXPECT_THAT(refused({"train", "--resume", "latest"}), HasSubstr("no trained model yet"));
  ASSERT_EQ(run_program({"runs", "trash", "1", "--store", store_}).status, 0);
  EXPECT_THAT(refused({"rl", "train", "--resume", "1", "--stop", "steps=200"}), HasSubstr("run 1 is in the trash"));
  ASSERT_EQ(run_program({"runs", "restore", "1", "--store", store_}).status, 0);
  EXPECT_THAT(refused({"rl", "play", "1", "--off", "7"}), HasSubstr("the agent has 2 experts"));
}

}  // namespace
}  // namespace moescope
