// The study of an agent: the same case gives the same numbers, its settings arrive, and it stops when told to.
#include <gtest/gtest.h>

#include "compute/records/error.h"
#include "compute/rl/agent.h"
#include "compute/studies/study.h"

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
  const StudyOutcome one = agent_study(small(RouterKind::soft), go), again = agent_study(small(RouterKind::soft), go);
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
