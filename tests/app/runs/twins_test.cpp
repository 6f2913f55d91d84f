// Twins see the same images, stay in step, and are the runs that they would be alone.
#include "app/runs/twins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/error.h"
#include "sessions/check.h"
#include "sessions/run_reader.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TwinsTest : public testing::Test {
 protected:
  Outcome twins(std::vector<std::string> presets, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = tiny_training("twins", store_);
    arguments.insert(arguments.begin() + 1, presets.begin(), presets.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(TwinsTest, StayInStepOnTheSameBatchesAndAreTheRunsTheyWouldBeAlone) {
  const Outcome made = twins({"default", "vmoe-s", "dense-s"}, {"--stop", "steps=6", "--name", "trio"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("runs compare 1 2 3"));
  EXPECT_THAT(check_store(store_), IsEmpty());
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  RunQuery of_group;
  of_group.tag = "trio";
  const auto runs = reader.list_runs(of_group);
  ASSERT_EQ(runs.size(), 3u);
  for (const RunSummary& run : runs) {
    EXPECT_EQ(run.state, RunState::finished) << run.name;
    EXPECT_FALSE(run.interrupted);
    EXPECT_EQ(run.step, 6);
    EXPECT_GE(run.num_checkpoints, 1);
    EXPECT_EQ(run.message, "steps=6 reached");
    EXPECT_TRUE(run.test_accuracy.has_value());
    EXPECT_EQ(run.test_step, 6) << run.name;  // not only the first one is evaluated at the end
  }
  // Alone, the second one does the same.
  std::vector<std::string> alone = tiny_training("train", store_);
  alone.insert(alone.end(), {"--preset", "vmoe-s", "--stop", "steps=6", "--set", "train.epochs=3"});
  ASSERT_EQ(run_program(alone).status, 0);
  EXPECT_EQ(reader.load_metrics(4, "train/loss").values, reader.load_metrics(2, "train/loss").values);
  EXPECT_NE(reader.load_metrics(1, "train/loss").values, reader.load_metrics(2, "train/loss").values);
}

TEST_F(TwinsTest, NoneIsMoreThanAStepAheadAndTheHashSaysWhichImages) {
  RunConfig config;
  config.model.width = config.model.mlp = 16, config.model.depth = 2, config.model.heads = 2;
  config.model.moe_blocks = 1, config.router.num_experts = 4;
  config.data.train_limit = 64, config.data.test_limit = 32;
  config.train.batch_size = config.train.micro_batch = 16, config.train.warmup_steps = 1;
  config.compute.threads = 1;
  RunConfig other = config;
  other.router.kind = RouterKind::dense;
  other.train.seed = 99;  // which images come is the first one's to say
  other.train.mixup = 0.2;
  TwinsSetup setup{twin_configs({config, other}), store_, "pair", "steps=5"};
  EXPECT_EQ(setup.configs[1].train.seed, config.train.seed);
  EXPECT_EQ(setup.configs[1].train.mixup, config.train.mixup);
  std::vector<int64_t> steps;
  std::vector<uint64_t> hashes;
  const auto watch = [&](const std::vector<TwinState>& twins) {
    EXPECT_EQ(twins[0].step, twins[1].step);
    EXPECT_EQ(twins[0].batches_hash, twins[1].batches_hash);
    steps.push_back(twins[0].step), hashes.push_back(twins[0].batches_hash);
    return twins[0].step < 3;  // as Ctrl+C would
  };
  const std::vector<TwinState> ended = train_twins(setup, watch);
  EXPECT_THAT(steps, ElementsAre(1, 2, 3));
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_EQ(ended[1].message, "stopped by request");
  setup.store = temp_ / "again.db";
  std::vector<uint64_t> again;
  train_twins(setup, [&](const auto& twins) {
    again.push_back(twins[0].batches_hash);
    return twins[0].step < 3;
  });
  EXPECT_EQ(again, hashes);
}

TEST_F(TwinsTest, MistakesAreSentences) {
  EXPECT_THROW(twin_configs({RunConfig{}}), ConfigError);
  EXPECT_EQ(twins({"default", "no-such"}).status, 2);
  EXPECT_EQ(twins({"default", "dense-s"}, {"--stop", "stepz=6"}).status, 2);
}

}  // namespace
