// A run driven turn by turn: what is said, kept and shown, and how commands change it.
#include "compute/train/run_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compute/core/error.h"
#include "compute/records/config_fields.h"
#include "support/driven_run.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RunLoop, SaysWhatItRunsAndEndsByItsRule) {
  RunSetup s = setup("epochs=2");
  s.leave_when_finished = true;
  Driven run(s);
  const auto started = run.all<RunStarted>();
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0].num_parameters, run.loop.trainer().model().parameters().count());
  EXPECT_GT(started[0].gflops_per_image, 0);
  EXPECT_THAT(started[0].environment,
              testing::Contains(std::pair<std::string, std::string>("dataset_hash", "5e9a11c5e7000000")));
  EXPECT_EQ(run.shown->state, RunState::preparing);

  run.turn_until([&] { return run.left; });
  EXPECT_EQ(run.losses().size(), 16u) << "2 epochs of 256 / 32 steps";
  const auto evaluated = run.all<Evaluated>();
  ASSERT_EQ(evaluated.size(), 2u);
  EXPECT_EQ(evaluated[0].step, 8);
  EXPECT_EQ(evaluated[1].step, 16);
  EXPECT_EQ(evaluated[1].num_images, 64);
  std::vector<std::string> reasons;
  for (const CheckpointTaken& c : run.all<CheckpointTaken>())
    reasons.push_back(std::to_string(c.step) + " " + c.reason);
  EXPECT_THAT(reasons, ElementsAre("8 epoch 1", "16 end"));
  const auto states = run.all<StateChanged>();
  EXPECT_EQ(states.front().state, RunState::running);
  EXPECT_EQ(states.back().state, RunState::finished);
  EXPECT_EQ(states.back().message, "epochs=2 reached");
  EXPECT_EQ(run.shown->state, RunState::finished);
  EXPECT_EQ(run.shown->step, 16);
  EXPECT_EQ(run.shown->total_steps, 16);
  EXPECT_EQ(run.shown->test_step, 16);
}

TEST(RunLoop, ItsSnapshotsNameTheRunFromWhenItHasARow) {
  int64_t row = 0;
  RunSetup s = setup("steps=4");
  s.run_id = [&] { return row; };
  Driven run(s);
  EXPECT_EQ(run.shown->run_id, 0);
  row = 7;
  run.turn_to_step(1);
  run.tell(EvaluateNow{});
  EXPECT_EQ(run.shown->run_id, 7);
}

TEST(RunLoop, WithoutARuleItRunsTheEpochsOfTheConfiguration) {
  RunSetup s = setup();
  s.stop_rule = std::nullopt;
  s.config.train.epochs = 1.5;
  Driven run(s);
  run.turn_until([&] { return run.loop.state() == RunState::finished; });
  EXPECT_EQ(run.loop.trainer().steps_done(), 12);
  EXPECT_EQ(run.all<Evaluated>().back().step, 12) << "the end is evaluated even in the middle of an epoch";
}

TEST(RunLoop, StopsAtAnAccuracy) {
  RunSetup s = setup("accuracy=0.3,steps=200");
  s.config.train.eval_every = 4;
  Driven run(s);
  run.turn_until([&] { return run.loop.state() == RunState::finished; });
  EXPECT_EQ(run.all<StateChanged>().back().message, "accuracy=0.3 reached");
  EXPECT_GE(run.all<Evaluated>().back().accuracy, 0.3);
}

TEST(RunLoop, APauseIsAnsweredInTheMiddleOfAStep) {
  Driven run(setup()), plain(setup());
  plain.turn_to_step(6);
  run.turn_to_step(3);
  run.turn();  // the first of four micro-batches
  ASSERT_TRUE(run.loop.trainer().mid_step());
  run.tell(SetRunning{false});
  EXPECT_EQ(run.shown->state, RunState::paused);
  EXPECT_FALSE(run.loop.trainer().mid_step());
  for (int i = 0; i < 3; ++i) run.turn();
  EXPECT_EQ(run.loop.trainer().steps_done(), 3) << "a paused run stands still";
  run.tell(SetRunning{true});
  EXPECT_EQ(run.loop.state(), RunState::running);
  run.turn_to_step(6);
  EXPECT_EQ(run.losses(), plain.losses()) << "the pause changed no number";
  EXPECT_THAT(run.commands_said(), ElementsAre("3 run: running -> paused", "3 run: paused -> running"));
}

TEST(RunLoop, ASingleStepIsOneStep) {
  RunSetup s = setup();
  s.start_paused = true;
  Driven run(s);
  run.tell(SingleStep{});
  run.turn_to_step(1);
  for (int i = 0; i < 3; ++i) run.turn();
  EXPECT_EQ(run.loop.trainer().steps_done(), 1);
  EXPECT_EQ(run.loop.state(), RunState::paused);
}

TEST(RunLoop, ASingleStepWhileRunningPausesAfterIt) {
  Driven run(setup());
  run.turn_to_step(2);
  run.tell(SingleStep{});
  run.turn_until([&] { return run.loop.state() == RunState::paused; });
  EXPECT_EQ(run.loop.trainer().steps_done(), 3);
}

TEST(RunLoop, KnobsAreAppliedAtAStepsEndAndKeptWithTheirStep) {
  Driven run(setup());
  run.turn_to_step(2);
  run.turn();
  ASSERT_TRUE(run.loop.trainer().mid_step());
  run.tell(SetField{"router.temperature", "0.5"});
  EXPECT_EQ(run.loop.trainer().config().router.temperature, 1) << "not in the middle of a step";
  run.turn_to_step(3);
  EXPECT_EQ(run.loop.trainer().config().router.temperature, 0.5);
  EXPECT_THAT(run.commands_said(), ElementsAre("3 router.temperature: 1 -> 0.5"));
  run.turn_until([&] { return run.shown->config.router.temperature == 0.5; });
}

TEST(RunLoop, AKnobThatCannotBeIsRefusedInASentenceAndTheRunGoesOn) {
  Driven run(setup());
  run.turn_to_step(1);
  run.tell(SetField{"model.width", "64"});
  run.turn_to_step(2);
  EXPECT_THAT(run.shown->message, HasSubstr("model.width shapes the model"));
  EXPECT_EQ(run.shown->state, RunState::running);
  run.tell(SetStopRule{"epoch=2"});
  EXPECT_THAT(run.shown->message, HasSubstr("did you mean epochs=N?"));
  run.tell(Watch{{WatchedImage{64, nullptr, "test 64"}}, -1});
  EXPECT_EQ(run.shown->message, "test image 64 does not exist; textures has test images 0 to 63");
  EXPECT_TRUE(run.commands_said().empty());
  run.tell(SetStopRule{"steps=5"});
  EXPECT_EQ(run.shown->message, "") << "the next command that is obeyed clears it";
}

TEST(RunLoop, WatchedAndUnwatchedRunsGiveTheSameBits) {
  RunSetup s = setup("steps=12");
  s.config.router.noise_std = 0.5;
  Driven unwatched(s);
  s.watched = {WatchedImage{0, nullptr, "test 0"}, WatchedImage{5, nullptr, "test 5"}};
  Driven watched(s);
  unwatched.turn_until([&] { return unwatched.loop.state() == RunState::finished; });
  watched.turn_until([&] {
    watched.commands.push(Watch{s.watched, -1});  // a new look every turn
    return watched.loop.state() == RunState::finished;
  });
  EXPECT_EQ(watched.losses(), unwatched.losses());
  ASSERT_EQ(watched.shown->images.size(), 2u);
  EXPECT_EQ(watched.shown->images[1].label, 1);
  EXPECT_EQ(watched.all<RoutingTaken>().size(), 2u * watched.all<Evaluated>().size()) << "one MoE layer, two images";
  EXPECT_EQ(watched.all<Evaluated>().back().accuracy, unwatched.all<Evaluated>().back().accuracy);
}

TEST(RunLoop, AnEvaluationGivesWayToCommandsAndToASingleStep) {
  RunSetup s = setup();
  s.start_paused = true;
  Driven run(s);
  run.tell(EvaluateNow{});
  run.turn();
  EXPECT_THAT(run.shown->job, HasSubstr("evaluating")) << "eight slices of eight images";
  run.tell(SetField{"train.weight_decay", "0.5"});
  EXPECT_EQ(run.loop.trainer().config().train.weight_decay, 0.5);
  EXPECT_TRUE(run.all<Evaluated>().empty());
  run.tell(SingleStep{});
  run.turn_until([&] { return !run.all<Evaluated>().empty(); });
  EXPECT_EQ(run.all<Evaluated>()[0].step, 1) << "begun anew with the new weights";
  EXPECT_EQ(run.all<Evaluated>()[0].num_images, 64);
}

void spoil(Trainer& trainer) {
  trainer.model().parameters().find("block1.mlp.w1")->value.f32()[0] = std::numeric_limits<float>::quiet_NaN();
}

/// As if the update that the run has just made had been one too large.
void spoil(Driven& run) { spoil(const_cast<Trainer&>(run.loop.trainer())); }

void poison(Trainer& trainer) {
  if (trainer.steps_done() == 10) spoil(trainer);
}

RunSetup poisoned() {
  RunSetup s = setup();
  s.config.router.kind = RouterKind::dense;
  s.before_step = poison;
  s.watched = {WatchedImage{3, nullptr, "test 3"}};
  return s;
}

TEST(RunLoop, NaNStopsTheRunNamesLayerAndStepAndGoesBackToTheLastGoodCheckpoint) {
  Driven run(poisoned());
  run.turn_until([&] { return run.loop.state() == RunState::diverged; });
  EXPECT_EQ(run.loop.trainer().steps_done(), 10);
  EXPECT_EQ(run.shown->message, "the loss of step 11 is not finite: block1.mlp.w1 holds a NaN or infinity");
  EXPECT_EQ(run.all<StateChanged>().back().state, RunState::diverged);
  ASSERT_EQ(run.shown->images.size(), 1u);
  for (const float p : run.shown->images[0].probabilities) EXPECT_TRUE(std::isfinite(p)) << "the last good look stays";

  run.tell(SetRunning{true});
  EXPECT_EQ(run.loop.state(), RunState::diverged);
  EXPECT_THAT(run.shown->message, HasSubstr("restore the last good checkpoint before going on"));

  run.tell(RestoreLastGood{});
  EXPECT_EQ(run.loop.state(), RunState::paused);
  EXPECT_EQ(run.loop.trainer().steps_done(), 8) << "the end of the first epoch";
  EXPECT_THAT(run.commands_said(), ElementsAre("8 restore: 10 -> 8"));
  run.tell(SetRunning{true});
  run.turn_to_step(10);
  EXPECT_TRUE(std::isfinite(run.losses().back()));
}

TEST(RunLoop, AWarmUpThatOutlastsTheRunIsSaid) {
  RunSetup s = setup("epochs=2");
  s.config.train.epochs = 2;
  s.config.train.warmup_steps = 16;
  s.config.train.schedule = ScheduleKind::cosine;
  Driven run(s);
  run.turn_to_step(1);
  run.turn_until([&] { return run.shown->step >= 1; });
  EXPECT_THAT(run.shown->message, HasSubstr("train.warmup_steps 16 is not over when the run of 16 steps is"));
}

RunSetup of_dense_blocks() {
  RunSetup s = setup();
  s.config.router.kind = RouterKind::dense;
  return s;
}

TEST(RunLoop, WeightsThatWentBadInTheLastStepOfAnEpochAreNoCheckpoint) {
  Driven run(of_dense_blocks());
  run.turn_to_step(8);
  spoil(run);
  run.turn_until([&] { return run.loop.state() == RunState::diverged; });
  EXPECT_EQ(run.shown->message, "the test loss after step 8 is not finite: block1.mlp.w1 holds a NaN or infinity");
  for (const CheckpointTaken& taken : run.all<CheckpointTaken>()) EXPECT_LT(taken.step, 8) << taken.reason;
}

TEST(RunLoop, WeightsThatAreNoNumbersCannotBeSaved) {
  Driven run(of_dense_blocks());
  run.turn_to_step(3);
  run.tell(SetRunning{false});
  const size_t taken = run.all<CheckpointTaken>().size();
  spoil(run);
  run.tell(SaveCheckpoint{});
  EXPECT_EQ(run.loop.state(), RunState::diverged);
  EXPECT_EQ(run.shown->message, "after step 3 block1.mlp.w1 holds a NaN or infinity");
  run.tell(Finish{});
  EXPECT_EQ(run.all<CheckpointTaken>().size(), taken);
}

TEST(RunLoop, ACheckpointFromWhichNoStepSucceedsIsNotTheLastGoodOne) {
  Driven run(of_dense_blocks());
  for (const int64_t step : {3, 5}) {
    run.tell(SetRunning{true});
    run.turn_to_step(step);
    run.tell(SetRunning{false});
    run.tell(SaveCheckpoint{});
  }
  spoil(run);
  run.tell(SetRunning{true});
  run.turn_until([&] { return run.loop.state() == RunState::diverged; });
  run.tell(RestoreLastGood{});
  EXPECT_EQ(run.loop.trainer().steps_done(), 3);
}

TEST(RunLoop, AKnobTurnedAtTheCheckpointsOwnStepGoesBackWithItAndItIsSaid) {
  Driven run(setup());
  run.turn_to_step(4);
  run.tell(SetRunning{false});
  run.tell(SaveCheckpoint{});
  const std::string before = get_field(run.loop.trainer().config(), "train.learning_rate");
  run.tell(SetField{"train.learning_rate", "0.5"});
  run.tell(SetRunning{true});
  run.turn_to_step(5);
  run.tell(RestoreLastGood{});
  EXPECT_EQ(get_field(run.loop.trainer().config(), "train.learning_rate"), before);
  EXPECT_THAT(run.commands_said(),
              ElementsAre("4 run: running -> paused", "4 train.learning_rate: " + before + " -> 0.5",
                          "4 run: paused -> running", "4 restore: 5 -> 4", "4 train.learning_rate: 0.5 -> " + before));
}

TEST(RunLoop, FirstFieldsAreThereBeforeTheFirstStep) {
  RunSetup s = setup();
  s.first_fields = {{"train.weight_decay", "0.5"}};
  Driven run(s);
  EXPECT_EQ(run.loop.trainer().config().train.weight_decay, 0.5);
  const auto of_command = std::find_if(run.said.begin(), run.said.end(), [](const Event& event) {
    return std::holds_alternative<CommandApplied>(event);
  });
  ASSERT_NE(of_command, run.said.end());
  EXPECT_EQ(std::get<CommandApplied>(*of_command).step, 0);
  EXPECT_TRUE(std::holds_alternative<RunStarted>(*(of_command - 1))) << "the store knows the run by then";
  EXPECT_NE(run.all<RunStarted>()[0].config.train.weight_decay, 0.5) << "it is a change, not how the run began";
}

TEST(RunLoop, PastAScheduleThatEndsAtNothingItSaysSoAndALongerOneTeachesAgain) {
  RunSetup s = setup("epochs=3");
  s.config.train.schedule = ScheduleKind::linear;
  s.config.train.end_learning_rate = 0;
  s.config.train.warmup_steps = 0;
  s.config.train.epochs = 1;
  Driven run(s);
  const auto some_weight = [&] { return run.loop.trainer().model().parameters().all().front().value.f32()[0]; };
  run.turn_to_step(8);
  EXPECT_EQ(run.shown->message, "");
  const float at_the_end = some_weight();
  run.turn_to_step(10);
  EXPECT_EQ(some_weight(), at_the_end);
  run.tell(SetRunning{true});  // changes nothing, and is answered at once
  EXPECT_THAT(run.shown->message, HasSubstr("ended at step 8 with a rate of 0"));
  run.tell(SetField{"train.epochs", "2"});
  run.turn_to_step(12);
  EXPECT_NE(some_weight(), at_the_end);
  run.tell(SetRunning{true});
  EXPECT_EQ(run.shown->message, "");
  EXPECT_EQ(run.loop.trainer().report().learning_rate, s.config.train.learning_rate * 5 / 16);  // 11 of 16 are done
}

TEST(RunLoop, BeforeAnyCheckpointTheBeginningIsTheLastGoodState) {
  Driven run(setup()), plain(setup());
  plain.turn_to_step(5);
  run.turn_to_step(3);
  run.tell(RestoreLastGood{});
  EXPECT_EQ(run.loop.trainer().steps_done(), 0);
  run.tell(SetRunning{true});
  run.turn_to_step(5);
  const std::vector<double> losses = run.losses();
  EXPECT_EQ(std::vector<double>(losses.begin() + 3, losses.end()), plain.losses());
}

TEST(RunLoop, FinishSavesAndARunResumedFromItRepeatsTheOneThatWasNotStopped) {
  Driven whole(setup("steps=20"));
  whole.turn_until([&] { return whole.loop.state() == RunState::finished; });

  Driven first(setup("steps=20"));
  first.turn_to_step(11);
  first.turn();  // in the middle of a step
  first.tell(SetField{"train.clip_norm", "0.7"});
  first.tell(SetField{"train.clip_norm", "0"});
  first.turn_to_step(12);
  first.tell(Finish{});
  EXPECT_TRUE(first.left);
  EXPECT_EQ(first.all<StateChanged>().back().message, "stopped by request");
  const CheckpointTaken saved = first.all<CheckpointTaken>().back();
  EXPECT_EQ(saved.reason, "end");

  RunSetup s;
  s.dataset = std::make_shared<SyntheticDataset>();
  s.resume_from = saved.bytes;
  s.config.compute.threads = 2;
  Driven second(s);
  EXPECT_EQ(second.loop.trainer().steps_done(), saved.step);
  EXPECT_GT(second.shown->wall_secs, 0);
  second.turn_until([&] { return second.loop.state() == RunState::finished; });
  EXPECT_EQ(second.all<StateChanged>().back().message, "steps=20 reached") << "the checkpoint knows the rule";
  std::vector<double> losses = first.losses();
  const std::vector<double> rest = second.losses();
  losses.insert(losses.end(), rest.begin(), rest.end());
  EXPECT_EQ(losses, whole.losses());
  EXPECT_EQ(second.all<Evaluated>().back().loss, whole.all<Evaluated>().back().loss);
}

TEST(RunLoop, RollingCheckpointsComeByTheClock) {
  RunSetup s = setup();
  s.config.train.checkpoint_secs = 1;
  s.config.train.micro_batch = s.config.train.batch_size;
  s.dataset = std::make_shared<SyntheticDataset>(200'000);  // an epoch that does not end, and save, before the clock
  Driven run(s);
  run.turn_until([&] { return !run.all<CheckpointTaken>().empty() && run.all<CheckpointTaken>().back().step > 0; });
  EXPECT_GE(run.all<CheckpointTaken>().back().wall_secs, 1);
  EXPECT_EQ(run.all<CheckpointTaken>().back().reason, "rolling");
  EXPECT_EQ(run.all<CheckpointTaken>().front().reason, "start") << "a run killed before the first has a beginning";
  EXPECT_EQ(run.all<CheckpointTaken>().front().step, 0);
}

TEST(RunLoop, AFinishedRunGoesOnUnderANewRule) {
  Driven run(setup("steps=3"));
  run.turn_until([&] { return run.loop.state() == RunState::finished; });
  run.tell(SetRunning{true});
  EXPECT_THAT(run.shown->message, HasSubstr("steps=3 reached"));
  run.tell(SetStopRule{"steps=5"});
  EXPECT_EQ(run.loop.state(), RunState::paused);
  run.tell(SetRunning{true});
  run.turn_until([&] { return run.loop.state() == RunState::finished; });
  EXPECT_EQ(run.loop.trainer().steps_done(), 5);
  EXPECT_THAT(run.commands_said(), ElementsAre("3 stop_rule: steps=3 -> steps=5", "3 run: paused -> running"));
}

TEST(RunLoop, ADamagedCheckpointIsRefusedBeforeAnythingBegins) {
  RunSetup s = setup();
  auto bytes = std::make_shared<std::vector<std::byte>>(100);
  s.resume_from = bytes;
  s.resume_name = "checkpoint of run 7";
  Queue<Command> commands;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots;
  Queue<Event> events;
  RunLoop loop(s, RunChannels{commands, snapshots, events});
  EXPECT_THROW(loop.prepare(), FormatError);
  EXPECT_TRUE(events.drain().empty());
}

}  // namespace
}  // namespace moescope
