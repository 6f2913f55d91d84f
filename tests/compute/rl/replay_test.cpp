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
