// Agents: going on from a checkpoint to the bit, every part switched on, what diverges, and what is refused.
#include "compute/rl/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "compute/core/error.h"
#include "compute/rl/measures.h"

namespace moescope::rl {
namespace {

using testing::HasSubstr;

/// Small enough for a test, with updates from step 60 on.
RlConfig tiny(const std::string& game = "breakout") {
  RlConfig config;
  config.game = game;
  config.filters = 4;
  config.hidden = 8;
  config.experts = 2;
  config.batch_size = 8;
  config.replay_capacity = 200;
  config.min_replay = 60;
  config.epsilon_decay = 100;
  config.target_period = 40;
  config.update_period = 2;
  config.seed = 3;
  return config;
}

RlConfig rainbow(RlConfig config) {
  config.double_dqn = config.dueling = config.noisy = config.prioritized = true;
  config.atoms = 11;
  config.n_step = 3;
  return config;
}

std::vector<RlConfig> kinds() {
  std::vector<RlConfig> list(5, tiny());
  list[1].layer = RlLayer::soft;
  list[2].layer = RlLayer::top1;
  list[2].tokens = RlTokens::per_feat;
  list[2].router_noise = 1;
  list[2].importance_weight = list[2].load_weight = 0.1;
  list[3] = rainbow(list[3]);
  list[4] = rainbow(list[4]);
  list[4].layer = RlLayer::soft;
  return list;
}

void run(Agent& agent, int64_t steps) {
  for (int64_t i = 0; i < steps; ++i) ASSERT_EQ(agent.step(), Agent::Advance::stepped) << agent.divergence();
}

TEST(AgentTest, GoesOnFromACheckpointToTheBit) {
  for (const RlConfig& config : kinds()) {
    Agent whole(config);
    run(whole, 301);  // in the middle of an episode, the ring overwritten
    const std::vector<std::byte> middle = whole.save();
    run(whole, 150);
    Agent resumed(read_agent_config(middle, "the checkpoint"));
    resumed.restore(middle, "the checkpoint");
    EXPECT_EQ(resumed.steps(), 301);
    run(resumed, 150);
    const std::vector<std::byte> a = whole.save(), b = resumed.save();
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size()), 0) << static_cast<int>(config.layer) << config.atoms;
    EXPECT_GT(whole.updates(), 100);
    EXPECT_GT(whole.episodes(), 3);
  }
}

TEST(AgentTest, ADamagedCheckpointIsRefusedInASentence) {
  Agent agent(tiny());
  run(agent, 80);
  std::vector<std::byte> bytes = agent.save();
  bytes[bytes.size() / 2] ^= std::byte{1};
  const auto sentence = [](std::span<const std::byte> damaged) {
    try {
      read_agent_config(damaged, "run 3's checkpoint");
    } catch (const FormatError& error) { return std::string(error.what()); }
    return std::string("accepted");
  };
  EXPECT_THAT(sentence(bytes), HasSubstr("run 3's checkpoint is damaged: its checksum is wrong"));
  EXPECT_THAT(sentence(std::span(bytes).first(bytes.size() - 1)), HasSubstr("its end is missing"));
  EXPECT_THAT(sentence(std::span(bytes).first(3)), HasSubstr("is not of an agent"));
}

TEST(AgentTest, AnEpisodeThatDoesNotPlayAgainIsToldAloud) {
  RlConfig config = tiny();
  Agent agent(config);
  run(agent, 77);
  const std::vector<std::byte> bytes = agent.save();
  config.sticky_probability = 0.9;  // as if the rules had changed: the same actions lead elsewhere
  Agent other(config);
  try {
    other.restore(bytes, "run 3's checkpoint");
    FAIL() << "accepted";
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), HasSubstr("run 3's checkpoint: the episode in progress does not play again"));
  }
}

TEST(AgentTest, ANaNStopsItAndChangesNothing) {
  Agent agent(tiny());
  run(agent, 100);
  Parameter* weights = agent.learner().online().parameters().find("q.w");
  weights->value.f32()[0] = std::nanf("");
  const std::vector<float> before(weights->value.f32() + 1, weights->value.f32() + weights->shape.size());
  Agent::Advance advance = Agent::Advance::stepped;
  for (int i = 0; i < 2 && advance == Agent::Advance::stepped; ++i) advance = agent.step();
  EXPECT_EQ(advance, Agent::Advance::diverged);
  EXPECT_THAT(agent.divergence(), HasSubstr("the loss of update"));
  EXPECT_THAT(agent.divergence(), HasSubstr("lower rl.learning_rate"));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), weights->value.f32() + 1));
}

TEST(AgentTest, UnknownGamesAndActionsAreNamed) {
  RlConfig config = tiny("brakeout");
  try {
    const Agent agent(config);
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "there is no game 'brakeout'; did you mean 'breakout'?");
  }
  const auto environment = make_environment(tiny());
  environment->reset(0, 0);
  EXPECT_THROW(environment->step(6), ConfigError);
  config = tiny();
  config.min_replay = 300;
  EXPECT_THROW(Agent{config}, ConfigError);  // more than the buffer holds
}

TEST(AgentTest, EpisodesAreToldAgainFromSeedAndActions) {
  for (std::string_view game : environment_names()) {
    const auto first = make_environment(tiny(std::string(game))), second = make_environment(tiny(std::string(game)));
    first->reset(5, 2);
    std::vector<int> actions;
    for (int i = 0; i < 400; ++i) {
      actions.push_back(i * 7 % static_cast<int>(first->info().actions.size()));
      if (first->step(actions.back()).over()) break;
    }
    second->reset(5, 2);
    for (int action : actions) second->step(action);
    EXPECT_EQ(first->text(), second->text()) << game;
    std::vector<uint8_t> packed(static_cast<size_t>(first->info().observation_bytes));
    first->observe(packed);
    std::vector<float> numbers(static_cast<size_t>(first->info().observation.size()));
    first->unpack(packed.data(), numbers.data());
    for (float number : numbers) EXPECT_TRUE(std::abs(number) <= 6) << game;  // Acrobot's second speed reaches 5.7
  }
}

TEST(AgentTest, LearnsToBalanceAPole) {
  RlConfig config = tiny("cartpole");
  config.encoder = RlEncoder::dense;
  config.filters = config.hidden = 32;
  config.batch_size = 32;
  config.replay_capacity = 10'000;
  config.min_replay = 300;
  config.update_period = 1;
  config.target_period = 100;
  config.learning_rate = 2e-3;
  config.epsilon_decay = 500;
  Agent agent(config);
  run(agent, 6000);
  // At random a pole falls after some 20 steps; the best is 200.
  EXPECT_GT(evaluate(agent.learner().online(), 10, 99, 0).mean_return, 100);
}

TEST(AgentTest, AnExpertThatIsOffChangesTheActionValues) {
  RlConfig config = tiny();
  config.layer = RlLayer::soft;
  Agent agent(config);
  run(agent, 100);
  Player player(agent.learner().online(), 1, 0);
  player.begin(0);
  const std::vector<float> before = player.look();
  player.experts_off[0][1] = 1;
  EXPECT_NE(player.look(), before);
  player.experts_off[0][1] = 0;
  EXPECT_EQ(player.look(), before);
}

TEST(MeasuresTest, CountsDormantUnitsAndRank) {
  // Units with mean activations 1, 0.01 and 0 (negative before the ReLU): the mean is 0.337, two are at most 2.5 % of
  // it or not: 0.01 / 0.337 = 3 %, 0 %.
  const std::vector<float> rows = {2, 0.02f, -5, 0, 0, -1};
  EXPECT_NEAR(dormant_share(rows.data(), 2, 3), 1.0 / 3, 1e-12);
  // Two directions with singular values 3 and 4 in four rows.
  Buffer x({4, 3});
  x.f32()[0] = 3, x.f32()[4] = 4;
  EXPECT_EQ(effective_rank(x), 2);
  x.f32()[4] = 0.001f;  // 0.03 % of the sum
  EXPECT_EQ(effective_rank(x), 1);
}

TEST(MeasuresTest, GradientSharesSumToOneAndLoadsAreThere) {
  for (const RlConfig& config : kinds()) {
    if (config.layer == RlLayer::dense) continue;
    Agent agent(config);
    run(agent, 200);
    const RlMeasures m = measure_update(agent.learner());
    ASSERT_EQ(m.gradient_share.size(), 2u);
    EXPECT_NEAR(m.gradient_share[0] + m.gradient_share[1], 1, 1e-9);
    EXPECT_EQ(m.load.load.size(), 2u);
    EXPECT_GT(m.feature_norm, 0);
    std::vector<Metric> metrics;
    append_metrics(m, 200, 1, metrics);
    EXPECT_TRUE(
        std::any_of(metrics.begin(), metrics.end(), [](const Metric& one) { return one.key == "layer0/dormant/e1"; }));
  }
}

}  // namespace
}  // namespace moescope::rl
