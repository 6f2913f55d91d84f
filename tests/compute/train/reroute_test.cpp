// Another router on a running model: what it keeps, what starts new, and that the run stays repeatable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "compute/records/config_fields.h"
#include "support/driven_run.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.bytes())) == 0;
}

TEST(Reroute, TheExpertsKeepTheirWeightsAndTheRouterStartsNew) {
  Driven run(setup());
  run.turn_to_step(3);
  const ParameterSet& before = run.loop.trainer().model().parameters();
  ASSERT_NE(before.find("block1.moe.mu"), nullptr);
  const Buffer w1 = copy_of(before.find("block1.moe.w1")->value), patch = copy_of(before.find("block0.mlp.w1")->value);
  run.tell(SetField{"router.kind", "tokens_choice"});
  ASSERT_EQ(run.loop.trainer().config().router.kind, RouterKind::tokens_choice) << run.shown->message;
  const ParameterSet& after = run.loop.trainer().model().parameters();
  EXPECT_EQ(after.find("block1.moe.mu"), nullptr);
  EXPECT_NE(after.find("block1.moe.router"), nullptr);
  EXPECT_TRUE(same_bits(after.find("block1.moe.w1")->value, w1));
  EXPECT_TRUE(same_bits(after.find("block0.mlp.w1")->value, patch));
  EXPECT_EQ(after.find("block1.moe.router")->first_step, 3);
  EXPECT_EQ(after.find("block1.moe.w1")->first_step, 0);
  EXPECT_EQ(run.loop.trainer().steps_done(), 3);
  EXPECT_THAT(run.commands_said(),
              ElementsAre("3 router.kind: soft -> tokens_choice", "3 router.group_images: 1 -> 0"));
  run.turn_to_step(5);
  EXPECT_EQ(run.losses().size(), 5u);
  EXPECT_FALSE(same_bits(run.loop.trainer().model().parameters().find("block1.moe.w1")->value, w1)) << "it trains on";
}

TEST(Reroute, GroupsOfTheOldKindsOwnSizeBecomeTheNewKinds) {
  RunSetup of_vmoe = setup("steps=6");
  of_vmoe.config.router.kind = RouterKind::tokens_choice;
  of_vmoe.config.router.group_images = 8;
  Driven run(of_vmoe);
  run.turn_to_step(3);
  run.tell(SetField{"router.kind", "soft"});
  EXPECT_EQ(group_images(run.loop.trainer().config().router), 1) << "Soft MoE routes each image by itself";
  EXPECT_THAT(run.commands_said(),
              ElementsAre("3 router.kind: tokens_choice -> soft", "3 router.group_images: 8 -> 0"));

  of_vmoe.config.router.group_images = 4;  // a wish
  Driven wished(of_vmoe);
  wished.turn_to_step(3);
  wished.tell(SetField{"router.kind", "soft"});
  EXPECT_EQ(group_images(wished.loop.trainer().config().router), 4);
}

TEST(Reroute, ARouterOfTheSameKindChangesNothing) {
  Driven plain(setup("steps=6")), rerouted(setup("steps=6"));
  plain.turn_until([&] { return plain.loop.state() == RunState::finished; });
  rerouted.turn_to_step(3);
  rerouted.tell(SetField{"router.kind", "soft"});  // the same names and shapes: values, moments and data order are kept
  rerouted.turn_until([&] { return rerouted.loop.state() == RunState::finished; });
  EXPECT_EQ(rerouted.losses(), plain.losses());
}

TEST(Reroute, ARunResumedAfterItRepeatsTheOneThatWasNotStopped) {
  const auto rerouted = [](int64_t at) {
    auto run = std::make_unique<Driven>(setup("steps=8"));
    run->turn_to_step(at);
    run->tell(SetField{"router.kind", "experts_choice"});
    return run;
  };
  const auto whole = rerouted(3);
  whole->turn_until([&] { return whole->loop.state() == RunState::finished; });

  const auto first = rerouted(3);
  first->turn_to_step(5);
  first->tell(Finish{});
  RunSetup s = setup();
  s.stop_rule.reset();
  s.resume_from = first->all<CheckpointTaken>().back().bytes;
  Driven second(s);
  EXPECT_EQ(second.loop.trainer().config().router.kind, RouterKind::experts_choice);
  second.turn_until([&] { return second.loop.state() == RunState::finished; });
  std::vector<double> losses = first->losses();
  const std::vector<double> rest = second.losses();
  losses.insert(losses.end(), rest.begin(), rest.end());
  EXPECT_EQ(losses, whole->losses());
}

TEST(Reroute, GoingBackToACheckpointFromBeforeBringsTheOldRouterBack) {
  Driven run(setup());
  run.turn_to_step(2);
  run.tell(SaveCheckpoint{});
  const Buffer mu = copy_of(run.loop.trainer().model().parameters().find("block1.moe.mu")->value);
  run.turn_to_step(3);
  run.tell(SetField{"router.kind", "tokens_choice"});
  run.turn_to_step(4);
  run.tell(RestoreLastGood{});
  EXPECT_EQ(run.loop.trainer().config().router.kind, RouterKind::soft);
  EXPECT_EQ(run.loop.trainer().steps_done(), 2);
  EXPECT_TRUE(same_bits(run.loop.trainer().model().parameters().find("block1.moe.mu")->value, mu));
}

TEST(Reroute, DenseHasNoExpertsToKeepAndIsRefused) {
  Driven run(setup());
  run.turn_to_step(1);
  run.tell(SetField{"router.kind", "dense"});
  EXPECT_THAT(run.shown->message, HasSubstr("start a new run with router.kind=dense"));
  EXPECT_EQ(run.loop.trainer().config().router.kind, RouterKind::soft);
  EXPECT_TRUE(run.commands_said().empty());
}

}  // namespace
}  // namespace moescope
