// A run of an agent: what it says of its time when a person had paused it.
#include "compute/rl/rl_run.h"

#include <gtest/gtest.h>

#include "compute/backends/implementations.h"

namespace moescope::rl {
namespace {

RlSetup small_agent() {
  RlSetup setup;
  setup.config.filters = 4, setup.config.hidden = 8, setup.config.batch_size = 8;
  setup.config.replay_capacity = 500, setup.config.min_replay = 100, setup.config.checkpoint_secs = 0;
  setup.config.report_every = 50;
  return setup;
}

TEST(RlRun, BesideAnotherRunTheKernelsStayAsThatRunChoseThem) {
  const UseInstructionSet of_the_other(InstructionSet::reference);
  RlSetup setup = small_agent();
  setup.beside = true;
  Queue<Event> events;
  RlRun run(setup, events);
  run.prepare();
  EXPECT_EQ(instruction_set(), InstructionSet::reference);
  const auto said = events.drain();
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(std::get<RunStarted>(said.front()).config.compute.instructions, InstructionSet::reference);
}

TEST(RlRun, APauseCountsNeitherAsTimeNorAsSlowness) {
  RlSetup setup = small_agent();
  Queue<Event> events;
  RlRun* run = nullptr;
  // A day less of it, as if nobody had noticed a day: told from outside, so that the test needs no clock.
  constexpr double kDay = 86400;
  setup.after_step = [&](const Agent& agent) {
    if (agent.steps() == 60) run->leave_out(-kDay);
    return true;
  };
  RlRun it(setup, events);
  run = &it;
  it.prepare();
  ASSERT_TRUE(it.turn());
  EXPECT_LT(it.progress().wall_secs, kDay);
  ASSERT_TRUE(it.turn());
  EXPECT_GT(it.progress().wall_secs, kDay);
  EXPECT_LT(it.progress().steps_per_sec, 51 / kDay) << "the turn of the pause";
  ASSERT_TRUE(it.turn());
  EXPECT_GT(it.progress().steps_per_sec, 51 / kDay) << "no other turn";
}

}  // namespace
}  // namespace moescope::rl
