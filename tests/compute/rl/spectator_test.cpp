// Watching: episodes told again from seeds and actions, experts off, a person's moves, and what the buffer holds.
#include "compute/rl/spectator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "compute/core/error.h"
#include "compute/rl/replay_look.h"

namespace moescope::rl {
namespace {

using testing::HasSubstr;

RlConfig small(RlLayer layer) {
  RlConfig config;
  config.game = "breakout";
  config.layer = layer;
  config.tokens = layer == RlLayer::top1 ? RlTokens::per_feat : RlTokens::per_conv;
  config.filters = 4, config.hidden = 8, config.experts = 3;
  config.batch_size = 8, config.replay_capacity = 600, config.min_replay = 100;
  return config;
}

TEST(Spectator, GoesBackAndForthInTheSameEpisode) {
  Agent agent(small(RlLayer::soft));
  Spectator spectator(agent.learner().online(), 7);
  std::vector<AgentView> seen;
  for (int i = 0; i < 12 && !spectator.over(); ++i) {
    seen.push_back(spectator.view());
    spectator.step();
  }
  ASSERT_GE(seen.size(), 4u);
  for (const int64_t at : {2, 0, 3}) {
    spectator.go_to(at);
    const AgentView again = spectator.view();
    EXPECT_EQ(again.step, at);
    EXPECT_EQ(again.frame.values, seen[static_cast<size_t>(at)].frame.values);
    EXPECT_EQ(again.values, seen[static_cast<size_t>(at)].values);
    EXPECT_EQ(again.return_here, seen[static_cast<size_t>(at)].return_here);
    EXPECT_EQ(again.length, std::ssize(seen));
  }
}

TEST(Spectator, TheErrorOfAStepIsRewardPlusWhatFollowsLessWhatWasExpected) {
  const RlConfig config = small(RlLayer::dense);
  Agent agent(config);
  Spectator spectator(agent.learner().online(), 7);
  const AgentView first = spectator.view();
  spectator.step();
  const AgentView second = spectator.view();
  ASSERT_EQ(second.td_errors.size(), 1u);
  const float expected = static_cast<float>(second.return_here) +
                         static_cast<float>(config.gamma) * second.values[static_cast<size_t>(second.best)] -
                         first.values[static_cast<size_t>(spectator.episode().actions[0])];
  EXPECT_NEAR(second.td_errors[0], expected, 1e-6);  // one rounding more
}

TEST(Spectator, AnExpertThatIsOffChangesTheValuesAndTheAgentItselfDoesNotChange) {
  Agent agent(small(RlLayer::soft));
  Spectator spectator(agent.learner().online(), 7);
  const AgentView before = spectator.view();
  EXPECT_TRUE(before.values_as_is.empty());
  spectator.switch_off({1, 0, 0});
  const AgentView off = spectator.view();
  EXPECT_EQ(off.values_as_is, before.values);
  EXPECT_NE(off.values, before.values);
  EXPECT_EQ(off.routing.front().expert_off, (std::vector<uint8_t>{1, 0, 0}));
  while (spectator.step()) {}
  EXPECT_EQ(spectator.view().mean_return.episodes_changed, 1);
  EXPECT_EQ(spectator.view().mean_return.episodes_as_is, 0);
  spectator.begin();
  spectator.step();
  spectator.switch_off({1, 1, 0});  // in the middle: neither one nor the other
  while (spectator.step()) {}
  EXPECT_EQ(spectator.view().episodes.back().experts_off, "0, then 0 1");
  EXPECT_EQ(spectator.view().mean_return.episodes_changed, 0);
  spectator.switch_off({0, 0, 0});
  EXPECT_EQ(spectator.view().mean_return.episodes_changed, 0);
  EXPECT_THROW(spectator.switch_off({1, 1, 1}), ConfigError);
  EXPECT_THROW(spectator.switch_off({1}), ConfigError);
}

TEST(Spectator, APersonsMoveForgetsWhatCameAfterAndIsPlayedAgain) {
  Agent agent(small(RlLayer::top1));
  Spectator spectator(agent.learner().online(), 7);
  for (int i = 0; i < 3; ++i) spectator.step();
  spectator.go_to(1);
  ASSERT_TRUE(spectator.step(3));
  EXPECT_EQ(spectator.episode().length(), 2);
  EXPECT_EQ(spectator.episode().actions[1], 3);
  EXPECT_EQ(spectator.episode().by, PlayedBy::hand);
  const AgentView there = spectator.view();
  spectator.go_to(0), spectator.go_to(2);
  EXPECT_EQ(spectator.view().frame.values, there.frame.values);
}

TEST(Spectator, AStoredEpisodeThatNoLongerPlaysSaysSo) {
  Agent agent(small(RlLayer::dense));
  Spectator spectator(agent.learner().online(), 7);
  while (spectator.step()) {}
  PlayedEpisode stored = spectator.episode();
  spectator.open(stored);
  EXPECT_EQ(spectator.view().episodes.size(), 2u);
  stored.episode_return += 1;
  try {
    spectator.open(stored);
    FAIL() << "it was taken";
  } catch (const ConfigError& error) { EXPECT_THAT(error.what(), HasSubstr("no longer plays as it did")); }
  stored.game = "asterix";
  EXPECT_THROW(spectator.open(stored), ConfigError);
  EXPECT_EQ(spectator.view().episodes.size(), 2u) << "nothing is lost";
}

TEST(Spectator, KeepsTheLastEpisodesAndTheReturnsOfAll) {
  RlConfig config = small(RlLayer::dense);
  config.max_episode_steps = 1;
  Agent agent(config);
  Spectator spectator(agent.learner().online(), 7);
  for (int i = 0; i < 250; ++i) {
    while (spectator.step()) {}
    spectator.begin();
  }
  const AgentView view = spectator.view();
  EXPECT_EQ(view.episodes.size(), 200u);
  EXPECT_EQ(view.first_episode, 51);
  EXPECT_EQ(view.episode, 199);
  EXPECT_EQ(view.mean_return.episodes_as_is, 250);
  spectator.open(100);
  EXPECT_EQ(spectator.view().episode, 49);
  EXPECT_EQ(spectator.episode().number, 100u);
  spectator.open(3);
  EXPECT_EQ(spectator.episode().number, 51u) << "the nearest that is still there";
}

TEST(ReplayLook, CountsAddUpAndErrorsAreThoseOfTheNetwork) {
  const RlConfig config = small(RlLayer::soft);
  Agent agent(config);
  while (agent.steps() < 700) agent.step();
  const EnvironmentInfo& game = agent.environment().info();
  const ReplayExcerpt excerpt = take_excerpt(agent.replay(), game, 64);
  EXPECT_EQ(excerpt.actions.size(), 64u);
  const ReplayView view = value_excerpt(excerpt, agent.environment(), agent.learner().online());
  const auto sum = [](const auto& values) { return std::accumulate(values.begin(), values.end(), int64_t{0}); };
  EXPECT_EQ(view.size, 600);
  EXPECT_EQ(view.added, 700);
  EXPECT_EQ(sum(view.of_action), view.size);
  EXPECT_EQ(view.sampled, 64);
  EXPECT_EQ(sum(view.td_histogram), view.sampled);
  EXPECT_EQ(sum(view.of_expert), view.sampled);
  EXPECT_GT(view.terminal, 0);
  // The whole buffer, weighted: means by expert give the mean by age back.
  double by_expert = 0;
  for (size_t e = 0; e < view.of_expert.size(); ++e)
    by_expert += view.td_of_expert[e] * static_cast<double>(view.of_expert[e]) / 64;
  double by_age = 0;
  for (size_t i = 0; i < view.td_by_age.size(); ++i) {
    const double in_stretch = static_cast<double>((64 * (i + 1) + 9) / 10 - (64 * i + 9) / 10);
    by_age += view.td_by_age[i] * in_stretch / 64;
  }
  EXPECT_NEAR(by_expert, by_age, 1e-9);
  EXPECT_GT(by_age, 0);
}

}  // namespace
}  // namespace moescope::rl
