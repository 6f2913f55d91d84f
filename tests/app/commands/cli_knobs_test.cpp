// Knobs that a model does not have, and numbers that are none: told before anything is computed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sessions/run_reader.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class CliKnobs : public testing::Test {
 protected:
  Outcome train(const Words& more) {
    Words arguments = tiny_training("train", store_);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  Outcome eval(const std::string& run, const Words& more) {
    Words arguments = {"eval", run, "--store", store_, "--format", "csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  size_t num_evaluations(int64_t run_id) const {
    const SessionStore store(store_, SessionStore::Access::read);
    return RunReader(store).load_run(run_id).evaluations.size();
  }
  const TempFolder temp_;
  const std::string store_ = temp_ / "runs.db";
};

TEST_F(CliKnobs, EvalRefusesToSweepWhatChangesNothing) {
  ASSERT_EQ(train({"--stop", "steps=1"}).status, 0);
  const size_t own = num_evaluations(1);
  for (const char* sweep : {"router.capacity_factor=0.25,1", "router.k=1,2", "router.noise_std=0,1"}) {
    const Outcome swept = eval("1", {"--sweep", sweep});
    EXPECT_EQ(swept.status, 2) << sweep;
    EXPECT_THAT(swept.err, AllOf(HasSubstr("changes nothing in an evaluation"), HasSubstr("experts-kept"))) << sweep;
  }
  EXPECT_EQ(eval("1", {"--set", "router.capacity_factor=2"}).status, 2);
  EXPECT_EQ(num_evaluations(1), own) << "nothing was stored";
  const Outcome slots = eval("1", {"--sweep", "slots=1,2,3"});
  ASSERT_EQ(slots.status, 0) << slots.err;
  EXPECT_THAT(slots.out, AllOf(HasSubstr("slots,accuracy"), HasSubstr("\n1,"), HasSubstr("\n3,")));
  EXPECT_EQ(num_evaluations(1), own + 3);
}

TEST_F(CliKnobs, ABadValueLateInASweepCostsNothing) {
  const Words vmoe = {"--preset", "vmoe-s", "--set", "router.group_images=4", "--stop", "steps=1"};
  ASSERT_EQ(train(vmoe).status, 0);
  const size_t own = num_evaluations(1);
  for (const char* sweep : {"router.k=1,2,5", "experts-kept=1,9", "router.temperature=1,-1", "experts-kept=1,x"}) {
    const Outcome swept = eval("1", {"--sweep", sweep});
    EXPECT_EQ(swept.status, 2) << sweep;
    EXPECT_EQ(swept.out, "") << sweep;
  }
  EXPECT_EQ(num_evaluations(1), own);
  EXPECT_EQ(eval("1", {"--sweep", "router.k=1,2"}).status, 0);
}

TEST_F(CliKnobs, TrainingSaysWhatIsAskedForInVain) {
  const Outcome soft = train({"--set", "router.capacity_factor=0.5", "--set", "router.k=2", "--stop", "steps=1"});
  ASSERT_EQ(soft.status, 0) << soft.err;
  EXPECT_THAT(soft.err, AllOf(HasSubstr("note: router.capacity_factor=0.5 changes nothing: router.slots_per_expert="),
                              HasSubstr("note: router.k=2 changes nothing")));
  const Outcome fine =
      train({"--set", "router.slots_per_expert=0", "--set", "router.capacity_factor=0.5", "--stop", "steps=1"});
  EXPECT_THAT(fine.err, Not(HasSubstr("changes nothing")));
}

TEST_F(CliKnobs, NumbersThatAreNoneAreToldInOwnWords) {
  for (const Words& words : {Words{"--seconds", "-1"}, Words{"--seconds", "nan"}, Words{"--slots", "0"},
                             Words{"--capacity", "inf"}, Words{"--batch", "-3"}}) {
    const Outcome bench = run_program({"bench", words[0], words[1]});
    EXPECT_EQ(bench.status, 2) << words[0] << words[1];
    EXPECT_THAT(bench.err, HasSubstr("'" + words[1] + "' is not a number above 0")) << bench.err;
  }
  Words one = tiny_training("twins", store_);
  one.insert(one.begin() + 1, "default");
  const Outcome twins = run_program(one);
  EXPECT_EQ(twins.status, 2);
  EXPECT_THAT(twins.err, HasSubstr("twins are two or more"));
}

TEST_F(CliKnobs, BenchSaysWhatWasSetBesideItsFlags) {
  const Outcome bench = run_program({"bench",     "--width", "16",
                                     "--depth",   "2",       "--heads",
                                     "2",         "--mlp",   "16",
                                     "--experts", "4",       "--moe-blocks",
                                     "1",         "--batch", "8",
                                     "--threads", "1",       "--seconds",
                                     "0.01",      "--set",   "router.slots_per_expert=2"});
  ASSERT_EQ(bench.status, 0) << bench.err;
  EXPECT_EQ(nlohmann::json::parse(bench.out)["config"]["set"][0], "router.slots_per_expert=2");
}

TEST_F(CliKnobs, TheResultSaysWhatCanBeDoneNext) {
  const Outcome ended = train({"--stop", "steps=2"});
  EXPECT_THAT(ended.out, HasSubstr("go on with --resume 1 --stop RULE, where the rule goes further"));
  const Outcome at_its_end = run_program({"train", "--store", store_, "--resume", "1", "--stop", "steps=1"});
  ASSERT_EQ(at_its_end.status, 0) << at_its_end.err;
  EXPECT_THAT(at_its_end.err, AllOf(Not(HasSubstr("step 2/1")), Not(HasSubstr("loss 0.0000"))));
  const Outcome diverged = train({"--set", "train.optimizer=sgd", "--set", "train.learning_rate=100", "--set",
                                  "train.clip_norm=0", "--stop", "steps=40"});
  EXPECT_EQ(diverged.status, 1) << diverged.out;
  EXPECT_THAT(diverged.out, AllOf(HasSubstr("as it is it would diverge again"), HasSubstr("--branch 2@STEP")));
}

}  // namespace
