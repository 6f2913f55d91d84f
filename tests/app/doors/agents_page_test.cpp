// The page of agents in a real window: an agent trains and is watched, an expert goes off, the episode is scrubbed, a
// person plays, a stored agent is opened. MOESCOPE_PICTURES=FOLDER keeps pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/doors/agent_stage.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/ui_demo_run.h"
#include "support/ui_real_window.h"

namespace moescope {
namespace {

class AgentsStory : public demo::RealWindow {
 protected:
  void open(int width = 1600, int height = 900) {
    stage_ = std::make_unique<AgentStage>(store_, temp_.path() / "episodes", 1);
    run_.advance(60);
    WindowOptions options;
    options.scale = 1, options.width = width, options.height = height;
    window_ = std::make_unique<Window>(options, run_, nullptr, nullptr, stage_.get());
    turns(4, 0.01);
    hand("key F4");
    ASSERT_TRUE(until([&] { return page().lines() != nullptr; }));
  }
  void TearDown() override {
    RealWindow::TearDown();
    stage_.reset();
  }
  /// Small enough for a test; learns nothing.
  static RlConfig small(const std::string& layer) {
    RlConfig config;
    config.name = "small";
    config.layer = layer == "soft" ? RlLayer::soft : layer == "top1" ? RlLayer::top1 : RlLayer::dense;
    config.filters = 4, config.hidden = 8, config.experts = 4;
    config.batch_size = 8, config.replay_capacity = 2000, config.min_replay = 100, config.report_every = 50;
    return config;
  }
  void train(const RlConfig& config) {
    stage_->ask(agent::Train{config});
    ASSERT_TRUE(until([&] { return page().view() && page().view()->live; })) << trouble();
  }
  std::string trouble() { return stage_->training().message; }
  AgentsPage& page() { return window_->workspace().agents(); }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
  demo::DemoRun run_{RouterKind::tokens_choice};
  std::unique_ptr<AgentStage> stage_;
};

TEST_F(AgentsStory, WithoutAgentsThePageSaysHowOneIsMade) {
  open();
  EXPECT_TRUE(page().lines()->agents.empty());
  EXPECT_EQ(page().view(), nullptr);
  picture("agents-none");
}

TEST_F(AgentsStory, AnAgentIsWatchedWhileItTrains) {
  open();
  train(small("soft"));
  ASSERT_TRUE(until([&] { return stage_->training().steps > 300; }));
  const int64_t weights = page().view()->weights_step;
  ASSERT_TRUE(until([&] { return page().view()->weights_step > weights; })) << "the newest weights play";
  ASSERT_TRUE(until([&] { return page().view()->length > 5; }));
  ASSERT_TRUE(until([&] { return page().view()->run_id == 1; })) << "the run that trains here";
  hand("key ctrl+e");
  const std::filesystem::path episodes = temp_.path() / "episodes";
  ASSERT_TRUE(until([&] { return std::filesystem::exists(episodes) && !std::filesystem::is_empty(episodes); }));
  const std::filesystem::path kept = *std::filesystem::directory_iterator(episodes);
  EXPECT_THAT(kept.filename().string(), testing::StartsWith("breakout-run1-"));
  hand("key g");
  ASSERT_TRUE(until([&] { return !page().view()->playing; }));
  const int64_t step = page().view()->step;
  hand("key comma");
  ASSERT_TRUE(until([&] { return page().view()->step == std::max<int64_t>(0, step - 1); }));
  hand("key period");
  ASSERT_TRUE(until([&] { return page().view()->step == step; }));
  picture("agents-live");
  EXPECT_THAT(window_->workspace().at_work({}).others, testing::ElementsAre("agent small"));
  window_->close();
  turns(4);
  EXPECT_EQ(window_->leave(), panels::Leave::undecided) << "what would end is named first";
  picture("agents-leaving");
}

TEST_F(AgentsStory, AnExpertOffIsSeenInTheValues) {
  open();
  train(small("soft"));
  ASSERT_TRUE(until([&] { return page().view()->length > 3; }));
  EXPECT_TRUE(page().view()->values_as_is.empty());
  hand("key bracketright");
  hand("keydown x");
  const bool came = until([&] { return !page().view()->values_as_is.empty(); });
  picture("agents-expert-off");
  hand("keyup x");
  ASSERT_TRUE(came);
  ASSERT_TRUE(until([&] { return page().view()->values_as_is.empty(); })) << "letting X go turns it on again";
}

TEST_F(AgentsStory, APersonTakesTheKeys) {
  open();
  train(small("dense"));
  hand("key g");
  ASSERT_TRUE(until([&] { return !page().view()->playing; }));
  hand("key h");
  ASSERT_TRUE(until([&] { return page().view()->by_hand; }));
  hand("key n");  // where the agent stood its episode may have been over
  ASSERT_TRUE(until([&] { return page().view()->step == 0; }));
  const int64_t length = page().view()->step;
  const auto names = page().view()->actions;
  hand("key Left");
  ASSERT_TRUE(until([&] { return page().view()->step == length + 1; }));
  EXPECT_EQ(page().view()->episodes[static_cast<size_t>(page().view()->episode)].by, PlayedBy::hand);
  hand("key comma");
  ASSERT_TRUE(until([&] { return page().view()->step == length; }));
  EXPECT_EQ(names[static_cast<size_t>(page().view()->taken)], "left");
  picture("agents-by-hand");
}

TEST_F(AgentsStory, AStoredAgentPlaysAndItsBufferIsLookedAt) {
  std::vector<std::string> words = {"rl",      "train", "breakout", "--preset", "soft",
                                    "--store", store_,  "--stop",   "steps=600"};
  for (const char* setting : {"filters=4", "hidden=8", "experts=4", "batch_size=8", "replay_capacity=500",
                              "min_replay=100", "report_every=50", "threads=1"})
    words.insert(words.end(), {"--set", setting});
  const Outcome trained = run_program(words);
  ASSERT_EQ(trained.status, 0) << trained.err;
  open();
  ASSERT_TRUE(until([&] { return page().lines()->agents.size() == 1; })) << page().lines()->refusal;
  const AgentLine line = page().lines()->agents.front();
  EXPECT_EQ(line.game, "breakout");
  EXPECT_EQ(line.layer, "soft, 4 experts");
  stage_->ask(agent::Open{line.run_id});
  ASSERT_TRUE(until([&] { return page().view() && !page().view()->live; }));
  EXPECT_EQ(page().view()->weights_step, 600);
  for (const int tab : {1, 2, 3}) {
    hand("key v");
    turns(3);
    picture("agents-tab-" + std::to_string(tab));
  }
  ASSERT_TRUE(until([&] { return page().replay() != nullptr; }));
  EXPECT_EQ(page().replay()->size, 500);
  picture("agents-replay");
  hand("key ctrl+e");
  const std::filesystem::path folder = temp_.path() / "episodes";
  ASSERT_TRUE(until([&] { return std::filesystem::exists(folder) && !std::filesystem::is_empty(folder); }));
}

TEST_F(AgentsStory, AnAgentThatHasEndedIsStillThere) {
  open();
  train(small("soft"));
  ASSERT_TRUE(until([&] { return stage_->training().steps > 150; }));
  RlConfig diverging = small("soft");
  diverging.learning_rate = 1e30;
  stage_->ask(agent::Train{diverging});
  ASSERT_TRUE(until([&] { return stage_->training().state == RunState::diverged; })) << trouble();
  stage_->ask(agent::Open{1});  // the first one, stored
  ASSERT_TRUE(until([&] { return page().view() && page().view()->run_id == 1; })) << trouble();
  stage_->ask(agent::Open{0});
  ASSERT_TRUE(until([&] { return page().view() && page().view()->live; }));
  stage_->ask(agent::LookAtReplay{});
  ASSERT_TRUE(until([&] { return page().replay() != nullptr; }));
}

TEST_F(AgentsStory, WhatCannotBeTrainedIsSaidAndTheRunGoesOn) {
  open();
  train(small("dense"));
  RlConfig wrong = small("dense");
  wrong.replay_capacity = 1'000'000'000'000;
  stage_->ask(agent::Train{wrong});
  stage_->ask(agent::Open{77});
  const int64_t steps = stage_->training().steps;
  ASSERT_TRUE(until([&] { return stage_->training().steps > steps + 200; }));
  EXPECT_EQ(stage_->training().state, RunState::running);
}

}  // namespace
}  // namespace moescope
