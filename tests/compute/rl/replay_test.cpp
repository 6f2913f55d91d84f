// The replay buffer: n-step sums, ends of episodes, priorities, and what does not fit.
#include "compute/rl/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace moescope::rl {
namespace {

using testing::HasSubstr;

RlConfig small_config() {
  RlConfig config;
  config.game = "cartpole";
  config.batch_size = 8;
  config.replay_capacity = 20;
  config.gamma = 0.5;
  config.n_step = 1;
  config.clip_rewards = false;
  return config;
}

/// Fills a buffer with observations whose first number counts up, rewards 1, 2, 3, ...
class ReplayTest : public testing::Test {
 protected:
  void add(Replay& replay, int number, EpisodeEnd end = EpisodeEnd::none) {
    std::vector<uint8_t> packed(static_cast<size_t>(environment_->info().observation_bytes));
    const auto value = static_cast<float>(number);
    std::memcpy(packed.data(), &value, sizeof value);
    replay.add(packed, number % 2, number, end);
  }

  std::unique_ptr<Environment> environment_ = make_environment(small_config());
};

TEST(SumTreeTest, FindsLeavesInProportion) {
  SumTree tree(5);
  for (int64_t i = 0; i < 5; ++i) tree.set(i, static_cast<double>(i));  // stretches of 0, 1, 2, 3, 4
  EXPECT_EQ(tree.total(), 10);
  EXPECT_EQ(tree.find(0.5), 1);
  EXPECT_EQ(tree.find(1.5), 2);
  EXPECT_EQ(tree.find(5.9), 3);
  EXPECT_EQ(tree.find(9.9), 4);
  tree.set(4, 0);
  EXPECT_EQ(tree.find(6), 3);  // rounding must never lead to a leaf of priority 0
}

TEST_F(ReplayTest, SumsDiscountedRewardsAndStopsAtTheEndOfAnEpisode) {
  RlConfig config = small_config();
  config.n_step = 3;
  Replay replay(config, *environment_);
  for (int i = 1; i <= 14; ++i) add(replay, i, i == 5 ? EpisodeEnd::terminal : EpisodeEnd::none);
  std::set<int> seen;
  ReplayBatch batch;
  for (int64_t update = 0; update < 50; ++update) {
    replay.sample(7, update, batch);
    for (size_t row = 0; row < batch.actions.size(); ++row) {
      const auto first = static_cast<int>(batch.states.f32()[4 * row]);
      seen.insert(first);
      const int last = first <= 5 ? std::min(5, first + 2) : first + 2;
      float sum = 0, discount = 1;
      for (int i = first; i <= last; ++i, discount *= 0.5f) sum += discount * static_cast<float>(i);
      EXPECT_FLOAT_EQ(batch.rewards[row], sum) << first;
      EXPECT_EQ(batch.actions[row], first % 2);
      const bool ended = first >= 3 && first <= 5;
      EXPECT_FLOAT_EQ(batch.discounts[row], ended ? 0 : 0.125f) << first;
      if (!ended) { EXPECT_EQ(batch.next_states.f32()[4 * row], static_cast<float>(first + 3)); }
    }
  }
  EXPECT_EQ(seen.size(), 11u);  // 12 to 14 have no state three steps later
  EXPECT_EQ(*seen.rbegin(), 11);
}

TEST_F(ReplayTest, NeverCrossesACutAndForgetsTheOldest) {
  Replay replay(small_config(), *environment_);
  for (int i = 1; i <= 30; ++i) add(replay, i, i == 25 ? EpisodeEnd::truncated : EpisodeEnd::none);
  EXPECT_EQ(replay.size(), 20);
  std::set<int> seen;
  ReplayBatch batch;
  for (int64_t update = 0; update < 60; ++update) {
    replay.sample(3, update, batch);
    for (size_t row = 0; row < batch.actions.size(); ++row) seen.insert(static_cast<int>(batch.states.f32()[4 * row]));
  }
  EXPECT_EQ(*seen.begin(), 11);
  EXPECT_EQ(seen.count(25), 0u);  // what followed is not known
  EXPECT_EQ(seen.size(), 18u);
}

TEST_F(ReplayTest, LargeLossesAreDrawnMoreOftenAndWeighLess) {
  RlConfig config = small_config();
  config.prioritized = true;
  Replay replay(config, *environment_);
  for (int i = 1; i <= 20; ++i) add(replay, i);
  ReplayBatch batch;
  for (int64_t update = 0; update < 200; ++update) {
    replay.sample(1, update, batch);
    std::vector<float> losses;
    for (size_t row = 0; row < batch.actions.size(); ++row)
      losses.push_back(batch.states.f32()[4 * row] == 4 ? 100.0f : 1.0f);  // priorities 10 and 1
    replay.set_losses(batch, losses);
  }
  int often = 0, all = 0;
  for (int64_t update = 0; update < 400; ++update) {
    replay.sample(2, update, batch);
    for (size_t row = 0; row < batch.actions.size(); ++row, ++all) {
      const bool large = batch.states.f32()[4 * row] == 4;
      often += large;
      // w = P^-1/2 over the largest: 10^-1/2, or 1
      if (large) { EXPECT_NEAR(batch.weights[row], std::sqrt(0.1), 1e-4); }
    }
  }
  // 10 of 28 or so (19 is drawn, 20 has no next state and its share goes to others): 3200 draws, deviation below 0.01.
  EXPECT_NEAR(static_cast<double>(often) / all, 10.0 / 29, 0.05);
}

TEST_F(ReplayTest, TheSameSeedDrawsTheSame) {
  Replay replay(small_config(), *environment_);
  for (int i = 1; i <= 20; ++i) add(replay, i);
  ReplayBatch a, b;
  replay.sample(5, 9, a);
  replay.sample(5, 9, b);
  EXPECT_EQ(a.places, b.places);
  replay.sample(5, 10, b);
  EXPECT_NE(a.places, b.places);
}

/// Two pixels, four frames: pixel p of frame f is 10 f + p; frames count from 1 in each episode.
class StackedGame : public Environment {
 public:
  StackedGame() {
    info_.observation = {1, 2, 4};
    info_.observation_bytes = 8, info_.stacked_frames = 4;
    info_.actions = {"none"};
  }
  static std::vector<uint8_t> stack(int frame) {
    std::vector<uint8_t> packed(8);
    for (int p = 0; p < 2; ++p)
      for (int k = 0; k < 4; ++k)
        if (const int f = frame - 3 + k; f >= 1)
          packed[static_cast<size_t>(p * 4 + k)] = static_cast<uint8_t>(10 * f + p);
    return packed;
  }
  void observe(std::span<uint8_t>) const override {}
  void unpack(const uint8_t* packed, float* numbers) const override { std::copy_n(packed, 8, numbers); }
  std::string text() const override { return ""; }
  ImagePixels picture() const override { return {}; }

 protected:
  void begin(uint64_t, uint64_t) override {}
  Outcome move(int) override { return {}; }
};

TEST_F(ReplayTest, KeepsOneFrameOfAStackAndPutsItTogetherAgain) {
  RlConfig config = small_config();
  config.replay_capacity = 12;
  const StackedGame game;
  Replay replay(config, game);
  EXPECT_EQ(replay.num_bytes(), 12 * (2 + 6));
  const auto episode = [&](int length) {
    for (int f = 1; f <= length; ++f)
      replay.add(StackedGame::stack(f), 0, f, f == length ? EpisodeEnd::terminal : EpisodeEnd::none);
  };
  const auto expect_whole = [&](std::set<float> frames) {
    ReplayBatch batch;
    std::set<float> seen;
    for (int64_t update = 0; update < 40; ++update) {
      replay.sample(3, update, batch);
      for (size_t row = 0; row < batch.actions.size(); ++row) {
        const auto frame = static_cast<int>(batch.rewards[row]);
        const std::vector<uint8_t> state = StackedGame::stack(frame), next = StackedGame::stack(frame + 1);
        EXPECT_TRUE(std::equal(state.begin(), state.end(), batch.states.f32() + 8 * row)) << frame;
        if (batch.discounts[row] > 0) {
          EXPECT_TRUE(std::equal(next.begin(), next.end(), batch.next_states.f32() + 8 * row));
        }
        seen.insert(batch.rewards[row]);
      }
    }
    EXPECT_EQ(seen, frames);
  };
  episode(2), episode(6);
  expect_whole({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(replay.observation(4), StackedGame::stack(3));
  // 20 in a ring of 12: the oldest is frame 1 of an episode of 12, which the buffer cannot know any more.
  episode(12);
  expect_whole({4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_F(ReplayTest, RefusesMoreThanTheMemory) {
  RlConfig config = small_config();
  config.replay_capacity = 1'000'000'000'000;
  config.replay_mib = 1'000'000'000;
  const auto sentence = [&] {
    try {
      const Replay replay(config, *environment_);
    } catch (const ConfigError& error) { return std::string(error.what()); }
    return std::string("accepted");
  };
  EXPECT_THAT(sentence(), HasSubstr("rl.replay_capacity: 1000000000000 transitions of 22 bytes do not fit in"));
  EXPECT_THAT(sentence(), HasSubstr("of memory; at most"));
  config.replay_capacity = 100'000;
  config.replay_mib = 1;
  EXPECT_THAT(sentence(), HasSubstr("do not fit in 1 MiB (rl.replay_mib); at most 47662 do"));
}

}  // namespace
}  // namespace moescope::rl
