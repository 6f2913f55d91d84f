// Atari through ale-py: two of the games whose ROMs the package brings are played and trained on; what is missing is
// said. Skipped where neither ./test's Python nor the system's has the package.
#include "compute/rl/atari.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "compute/core/error.h"
#include "compute/rl/agent.h"
#include "support/peer_python.h"

namespace moescope::rl {
namespace {

using testing::HasSubstr;

class Atari : public testing::Test {
 protected:
  void SetUp() override {
    const std::string python = python_with("ale_py");
    if (python.empty()) GTEST_SKIP() << "no Python with ale-py here";
    setenv("MOESCOPE_PYTHON", python.c_str(), 1);
  }
  static RlConfig game(const std::string& rom) {
    RlConfig config;
    config.game = std::string(kAtari) + rom;
    config.encoder = RlEncoder::nature;
    config.sticky_probability = 0.25;
    return config;
  }
  static std::string refusal(const std::string& rom) {
    try {
      make_environment(game(rom));
    } catch (const ConfigError& error) { return error.what(); }
    return "";
  }
};

std::vector<uint8_t> seen(const Environment& environment) {
  std::vector<uint8_t> packed(static_cast<size_t>(environment.info().observation_bytes));
  environment.observe(packed);
  return packed;
}

TEST_F(Atari, AnEpisodeIsAFunctionOfSeedAndMoves) {
  for (const char* rom : {"pong", "breakout"}) {
    const auto environment = make_environment(game(rom));
    EXPECT_EQ(environment->info().observation, (MapShape{84, 84, 4}));
    EXPECT_EQ(environment->info().actions.front(), "none");
    const auto play = [&](uint64_t seed) {
      environment->reset(seed, 2);
      double sum = 0;
      for (int i = 0; i < 60; ++i)
        sum += environment->step(i * 7 % static_cast<int>(environment->info().actions.size())).reward;
      return std::pair(seen(*environment), sum);
    };
    const auto first = play(5), other = play(6), again = play(5);
    EXPECT_EQ(first, again) << rom;
    EXPECT_NE(first.first, other.first) << rom << ": sticky moves differ from seed to seed";
    const ImagePixels picture = environment->picture();
    EXPECT_EQ(picture.height * picture.width, static_cast<int64_t>(picture.values.size()));
    EXPECT_GT(*std::max_element(picture.values.begin(), picture.values.end()), 0) << rom;
  }
}

TEST_F(Atari, TheFrameIsAveragedDownAndTheOldestComesFirst) {
  const auto environment = make_environment(game("pong"));
  environment->reset(1, 0);
  const std::vector<uint8_t> packed = seen(*environment);
  const ImagePixels screen = environment->picture();
  double small = 0, large = 0;
  for (size_t i = 0; i < packed.size(); ++i) {
    if (i % 4 == 3) small += packed[i];
    if (i % 4 != 3) {
      ASSERT_EQ(packed[i], 0) << "before the first frame there is nothing";
    }
  }
  for (const uint8_t value : screen.values) large += value;
  // The mean brightness stays; each of the 7056 pixels is rounded by half a step at most.
  EXPECT_NEAR(small / (84 * 84), large / static_cast<double>(screen.values.size()), 0.5);
}

TEST_F(Atari, AnAgentTrainsAndGoesOnToTheBit) {
  RlConfig config = game("breakout");
  config.hidden = 8, config.layer = RlLayer::soft, config.experts = 2;
  config.batch_size = 2, config.replay_capacity = 60, config.min_replay = 20, config.n_step = 1;
  const auto run = [](Agent& agent, int64_t until) {
    while (agent.steps() < until) ASSERT_EQ(agent.step(), Agent::Advance::stepped);
  };
  Agent whole(config), half(config), resumed(config);
  run(whole, 48), run(half, 30);
  EXPECT_GT(half.updates(), 0);
  resumed.restore(half.save(), "half");
  run(resumed, 48);
  EXPECT_EQ(resumed.save(), whole.save());
}

TEST_F(Atari, WhatIsMissingIsSaidInASentence) {
  EXPECT_THAT(refusal("pongg"), HasSubstr("no ROM 'pongg'; did you mean 'atari:pong'?"));
  EXPECT_TRUE(probe_atari().usable) << probe_atari().words;
  setenv("MOESCOPE_PYTHON", "/bin/true", 1);  // a program that is no Python with the package
  EXPECT_THAT(refusal("pong"), HasSubstr("-m pip install ale-py"));
  setenv("MOESCOPE_PYTHON", "/nowhere/python", 1);
  EXPECT_THAT(refusal("pong"), HasSubstr("/nowhere/python cannot be started"));
  EXPECT_FALSE(probe_atari().usable);
}

}  // namespace
}  // namespace moescope::rl
