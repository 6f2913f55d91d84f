// The run on its own thread: commands from another thread, snapshots and events back, errors as a last word.
#include "compute/train/trainer_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>

#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

using testing::HasSubstr;

RunSetup setup(const std::string& stop_rule = "") {
  RunSetup s;
  s.config = tiny_config();
  s.dataset = std::make_shared<SyntheticDataset>();
  s.stop_rule = stop_rule;
  return s;
}

/// Reads events until one of this kind satisfies the condition; nothing when the run is left before.
template <class Kind, class Condition>
std::optional<Kind> wait_for(TrainerThread& run, Condition&& condition) {
  for (;;) {
    const bool last_round = run.events().closed();
    for (const Event& event : run.events().wait_drain(std::chrono::milliseconds(200))) {
      if (const auto* one = std::get_if<Kind>(&event); one && condition(*one)) return *one;
    }
    if (last_round) return std::nullopt;
  }
}

auto becomes(RunState state) {
  return [state](const StateChanged& change) { return change.state == state; };
}

TEST(TrainerThread, RunsToItsEndAndCloses) {
  RunSetup s = setup("steps=10");
  s.leave_when_finished = true;
  TrainerThread run(s);
  const auto end = wait_for<StateChanged>(run, becomes(RunState::finished));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->step, 10);
  run.join();
  EXPECT_TRUE(run.events().closed());
  std::shared_ptr<const Snapshot> last;
  ASSERT_TRUE(run.snapshots().take(last));
  EXPECT_EQ(last->state, RunState::finished);
}

TEST(TrainerThread, CommandsFromAnotherThreadAreObeyed) {
  TrainerThread run(setup());
  ASSERT_TRUE(wait_for<StateChanged>(run, becomes(RunState::running)));
  run.commands().push(SetField{"train.learning_rate", "0.002"});
  const auto applied = wait_for<CommandApplied>(run, [](const CommandApplied&) { return true; });
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->new_value, "0.002");
  run.commands().push(SetRunning{false});
  EXPECT_TRUE(wait_for<StateChanged>(run, becomes(RunState::paused)));
  run.commands().push(SingleStep{});
  const auto one_step = wait_for<MetricsTaken>(run, [](const MetricsTaken&) { return true; });
  EXPECT_TRUE(one_step);
  run.commands().push(Finish{});
  EXPECT_TRUE(wait_for<StateChanged>(run, becomes(RunState::finished)));
}

TEST(TrainerThread, ACommandGivenDuringASlowStepIsAnsweredWhenItsMicroBatchEnds) {
  // The step is as slow as we like: it waits until the pause has been asked for.
  RunSetup s = setup();
  std::latch inside(1), asked(1);
  s.before_step = [&](Trainer& trainer) {
    if (trainer.steps_done() != 2) return;
    inside.count_down();
    asked.wait();
  };
  TrainerThread run(s);
  inside.wait();
  run.commands().push(SetRunning{false});
  asked.count_down();
  const auto paused = wait_for<StateChanged>(run, becomes(RunState::paused));
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->step, 2) << "the step was thrown away, not finished first";
}

TEST(TrainerThread, AnErrorIsItsLastWord) {
  RunSetup s = setup();
  s.config.train.batch_size = 1000;  // there are 256 images
  s.config.train.micro_batch = 8;
  TrainerThread run(s);
  const auto failed = wait_for<StateChanged>(run, becomes(RunState::failed));
  ASSERT_TRUE(failed);
  EXPECT_THAT(failed->message, HasSubstr("train.batch_size"));
  run.join();
  std::shared_ptr<const Snapshot> last;
  ASSERT_TRUE(run.snapshots().take(last));
  EXPECT_EQ(last->state, RunState::failed);
  EXPECT_EQ(last->message, failed->message);
}

TEST(TrainerThread, DestroyingItSavesTheRun) {
  std::shared_ptr<const std::vector<std::byte>> bytes;
  {
    TrainerThread run(setup());
    ASSERT_TRUE(wait_for<MetricsTaken>(run, [](const MetricsTaken&) { return true; }));
    run.commands().push(Finish{});
    const auto saved = wait_for<CheckpointTaken>(run, [](const CheckpointTaken& c) { return c.reason == "end"; });
    ASSERT_TRUE(saved);
    bytes = saved->bytes;
  }
  EXPECT_GE(read_checkpoint(*bytes, "checkpoint").head.place.step, 1);
}

}  // namespace
}  // namespace moescope
