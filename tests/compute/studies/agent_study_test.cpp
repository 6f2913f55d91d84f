// The study of an agent: the same case gives the same numbers, its settings arrive, and it stops when told to.
#include <gtest/gtest.h>

#include <algorithm>

#include "compute/records/error.h"
#include "compute/rl/agent.h"
#include "compute/studies/agent_config.h"

namespace moescope {
namespace {

StudyCase small(RouterKind kind) {
  StudyCase study;
  study.config.router.kind = kind;
  study.config.router.num_experts = 2;
  study.config.router.expert_mlp = 8;
  study.config.train.batch_size = 4;
  study.config.train.schedule_steps = 3000;
  study.numbers = {{"game", {1}},          {"filters", {4}},         {"min_replay", {200}},
                   {"update_period", {8}}, {"epsilon_decay", {500}}, {"replay_capacity", {1000}}};
  return study;
}

TEST(AgentStudy, TheSameCaseGivesTheSameNumbers) {
  const auto go = [](double) { return true; };
  StudyOutcome one = agent_study(small(RouterKind::soft), go), again = agent_study(small(RouterKind::soft), go);
  // But the time that they took.
  EXPECT_EQ(one.values.erase("processor_minutes"), 1u);
  EXPECT_EQ(again.values.erase("processor_minutes"), 1u);
  EXPECT_EQ(one.values, again.values);
  EXPECT_EQ(one.steps, 3000);
  EXPECT_EQ(one.dataset, "breakout");
  EXPECT_GE(one.values.at("return"), 0);
  EXPECT_GE(one.values.at("dormant"), 0);
  StudyCase other = small(RouterKind::soft);
  other.config.train.seed = 1;
  EXPECT_NE(agent_study(other, go).values, one.values);
}

TEST(AgentStudy, ItsSettingsArrive) {
  const auto go = [](double) { return true; };
  const auto parameters = [&](const StudyCase& study) { return agent_study(study, go).num_parameters; };
  StudyCase dense = small(RouterKind::dense), wide = dense;
  wide.numbers["widen"] = {8};
  // 8x8 places of 4 channels into 8 units or 64; six actions from each unit.
  EXPECT_EQ(parameters(wide) - parameters(dense), (64 - 8) * (8 * 8 * 4 + 1 + 6));
  StudyCase none = dense;
  none.config.train.schedule_steps = 0;
  EXPECT_THROW(agent_study(none, go), ConfigError);
  EXPECT_THROW(agent_study(dense, [](double) { return false; }), StudyStopped);
}

TEST(AgentStudy, TellsTheReturnsOnTheWayAndThoseOfRandomPlay) {
  const StudyOutcome outcome = agent_study(small(RouterKind::dense), [](double) { return true; });
  // 3,000 steps in forty pieces; no episode of random play in Breakout is longer than a few of them.
  EXPECT_TRUE(outcome.values.contains("return_at/3000"));
  EXPECT_TRUE(outcome.values.contains("return_at/75"));
  EXPECT_FALSE(outcome.values.contains("return_at/0"));
  // Played again here, with the network's values looked at by nobody.
  RlConfig config = agent_config(small(RouterKind::dense));
  rl::Agent agent(config);
  const rl::EvaluationReport random = rl::evaluate(agent.learner().online(), 1000, 0, 1);
  EXPECT_EQ(outcome.values.at("random"), random.mean_return);
  const double p95 = outcome.values.at("random_p95");
  const auto below = std::count_if(random.episodes.begin(), random.episodes.end(),
                                   [&](const rl::EpisodeReport& one) { return one.episode_return <= p95; });
  EXPECT_GE(below, 950);
  EXPECT_GT(outcome.values.at("random"), 0);
}

/// The agent of small(dense) until its first update: whatever follows, these episodes were played without a network.
double mean_return_before_learning() {
  RlConfig config;
  config.hidden = 8, config.filters = 4, config.batch_size = 4;
  config.min_replay = 200, config.update_period = 8, config.epsilon_decay = 500, config.replay_capacity = 1000;
  rl::Agent agent(config);
  double sum = 0;
  for (;;) {
    agent.step();
    if (agent.updates() > 0) return sum / static_cast<double>(agent.episodes() - (agent.finished_episode() ? 1 : 0));
    if (const auto& episode = agent.finished_episode()) sum += episode->episode_return;
  }
}

TEST(AgentStudy, ANetworkThatDivergesIsAFailedSeedAndNoError) {
  StudyCase study = small(RouterKind::dense);
  study.config.train.learning_rate = 1e30;
  const StudyOutcome outcome = agent_study(study, [](double) { return true; });
  EXPECT_EQ(outcome.values.at("failed"), 1);
  EXPECT_LT(outcome.steps, 3000);
  EXPECT_EQ(outcome.values.at("return"), mean_return_before_learning());
  EXPECT_FALSE(outcome.values.contains("dormant"));
  EXPECT_EQ(agent_study(small(RouterKind::dense), [](double) { return true; }).values.at("failed"), 0);
}

}  // namespace
}  // namespace moescope
