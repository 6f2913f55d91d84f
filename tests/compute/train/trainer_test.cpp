// Training as a whole: it learns, it repeats itself to the bit, it can be cut up, stopped and taken back.
#include "compute/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "compute/core/error.h"
#include "compute/eval/evaluator.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

using testing::HasSubstr;

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

std::vector<double> train(Trainer& trainer, int64_t steps) {
  std::vector<double> losses;
  for (int64_t i = 0; i < steps; ++i) {
    EXPECT_EQ(trainer.step(), Trainer::Advance::stepped) << trainer.divergence();
    losses.push_back(trainer.report().loss);
  }
  return losses;
}

bool same_values(Trainer& a, Trainer& b) {
  const Tensor &x = a.model().parameters().values(), &y = b.model().parameters().values();
  return std::memcmp(x.data(), y.data(), static_cast<size_t>(x.bytes())) == 0;
}

RunConfig config_of(const std::string& router) {
  if (router == "dense") return tiny_config(RouterKind::dense);
  if (router == "soft") return tiny_config(RouterKind::soft);
  if (router == "experts_choice") return tiny_config(RouterKind::experts_choice);
  RunConfig c = tiny_config(RouterKind::tokens_choice);
  if (router == "top2_bpr") c.router.k = 2, c.router.bpr = true;
  return c;
}

class EveryRouter : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Trainer, EveryRouter, testing::Values("dense", "soft", "top1", "top2_bpr", "experts_choice"),
                         [](const auto& router) { return std::string(router.param); });

TEST_P(EveryRouter, LearnsFourTextures) {
  Trainer trainer(config_of(GetParam()), textures());
  const std::vector<double> losses = train(trainer, 32);
  EXPECT_GT(losses.front(), 1.0) << "four classes, nothing learned: about ln 4 = 1.39";
  EXPECT_LT(losses.back(), 0.35);
  const EvalResult result = evaluate(trainer.model(), textures(), EvalOptions::of(trainer.config()));
  EXPECT_EQ(result.num_images, 64);
  EXPECT_GT(result.accuracy, 0.9);
}

TEST_P(EveryRouter, SameSeedTwiceGivesTheSameBits) {
  Trainer first(config_of(GetParam()), textures()), second(config_of(GetParam()), textures());
  EXPECT_EQ(train(first, 6), train(second, 6));
  EXPECT_TRUE(same_values(first, second));

  RunConfig other = config_of(GetParam());
  other.train.seed = 2;
  Trainer third(other, textures());
  EXPECT_NE(train(third, 1)[0], 0);
  EXPECT_FALSE(same_values(first, third));
}

TEST_P(EveryRouter, StoppedAndResumedGivesTheSameBits) {
  RunConfig config = config_of(GetParam());
  config.train.flip = true, config.train.shift = 1, config.train.mixup = 0.2;  // everything random there is
  Trainer whole(config, textures());
  std::vector<double> losses = train(whole, 13);  // past the end of the first epoch of 8 steps

  Trainer before(config, textures());
  train(before, 5);
  const auto bytes = before.save({});
  const Checkpoint checkpoint = read_checkpoint(bytes, "checkpoint");
  Trainer after(checkpoint.head.config, textures());
  after.restore(checkpoint);
  EXPECT_EQ(after.steps_done(), 5);
  EXPECT_EQ(train(after, 8), std::vector<double>(losses.begin() + 5, losses.end()));
  EXPECT_TRUE(same_values(whole, after));
}

TEST_P(EveryRouter, MicroBatchesAddUpToTheBatch) {
  RunConfig config = config_of(GetParam());
  config.router.noise_std = 0;  // draws belong to a micro-batch: with noise, the cut changes them
  config.router.load_weight = 0;
  config.train.micro_batch = 32;
  Trainer whole(config, textures());
  config.train.micro_batch = 8;
  Trainer cut(config, textures());
  const double at_once = train(whole, 1)[0], in_four = train(cut, 1)[0];
  // The same sums in another order: float rounding of 1e-7 a term, and none of it can grow in one step.
  EXPECT_NEAR(at_once, in_four, 1e-6);
  EXPECT_NEAR(whole.report().aux_loss, cut.report().aux_loss, 1e-6);
  EXPECT_NEAR(whole.report().gradient_norm, cut.report().gradient_norm, 1e-5 * whole.report().gradient_norm);
  const Tensor &x = whole.model().parameters().gradients(), &y = cut.model().parameters().gradients();
  double difference = 0;
  for (int64_t i = 0; i < x.size(); ++i) difference = std::max(difference, std::abs(double{x.f32()[i]} - y.f32()[i]));
  EXPECT_LT(difference, 1e-5 * whole.report().gradient_norm);
}

TEST_P(EveryRouter, ASteadyStepTakesNoMemory) {
  Trainer trainer(config_of(GetParam()), textures());
  train(trainer, 2);
  const int growths = trainer.arena().growths();
  train(trainer, 8);
  evaluate(trainer.model(), textures(), EvalOptions::of(trainer.config()));
  EXPECT_EQ(trainer.arena().growths(), growths);
}

TEST(Trainer, AStepThrownAwayHalfDoneIsDoneAgainToTheSameNumbers) {
  Trainer plain(tiny_config(), textures()), disturbed(tiny_config(), textures());
  const std::vector<double> losses = train(plain, 3);
  std::vector<double> again;
  for (int step = 0; step < 3; ++step) {
    EXPECT_EQ(disturbed.advance(), Trainer::Advance::working);
    EXPECT_EQ(disturbed.advance(), Trainer::Advance::working);
    EXPECT_TRUE(disturbed.mid_step());
    disturbed.abandon_step();
    EXPECT_FALSE(disturbed.mid_step()) << "begun again, not gone on with";
    again.push_back(train(disturbed, 1)[0]);
  }
  EXPECT_EQ(again, losses);
  EXPECT_TRUE(same_values(plain, disturbed));
}

TEST(Trainer, EvaluatingInTheMiddleOfAStepLeavesItAsItWas) {
  Trainer plain(tiny_config(), textures()), disturbed(tiny_config(), textures());
  const std::vector<double> losses = train(plain, 2);
  std::vector<double> again;
  for (int step = 0; step < 2; ++step) {
    disturbed.advance();
    Evaluation evaluation(disturbed.model(), textures(), EvalOptions::of(disturbed.config()), disturbed.arena());
    while (evaluation.slice()) {}
    again.push_back(train(disturbed, 1)[0]);
  }
  EXPECT_EQ(again, losses);
  EXPECT_TRUE(same_values(plain, disturbed));
}

TEST(Trainer, ALiveFieldActsFromTheNextStepOn) {
  Trainer trainer(tiny_config(), textures());
  train(trainer, 5);
  trainer.set_field("train.learning_rate", "0");
  const Buffer before(trainer.model().parameters().values().shape());
  std::memcpy(before.f32(), trainer.model().parameters().values().data(), static_cast<size_t>(before.tensor().bytes()));
  train(trainer, 1);
  EXPECT_EQ(trainer.report().learning_rate, 0);
  EXPECT_EQ(std::memcmp(before.f32(), trainer.model().parameters().values().data(),
                        static_cast<size_t>(before.tensor().bytes())),
            0);
}

TEST(Trainer, AChangedAugmentationReachesTheNextBatch) {
  Trainer changed(tiny_config(), textures()), plain(tiny_config(), textures());
  train(changed, 2), train(plain, 2);
  changed.set_field("train.mixup", "1");
  EXPECT_NE(train(changed, 1), train(plain, 1));
  // Set on a fresh model, the same: the batch is a function of (seed, step, augmentation).
  RunConfig config = tiny_config();
  config.train.mixup = 1;
  Trainer from_start(config, textures());
  Trainer set_later(tiny_config(), textures());
  set_later.advance();
  set_later.set_field("train.mixup", "1");
  EXPECT_EQ(train(from_start, 2), train(set_later, 2));
}

TEST(Trainer, ACapacityThatWouldChangeTheSlotsOfARunningModelIsRefused) {
  RunConfig config = tiny_config();
  config.router.slots_per_expert = 0;  // from the capacity factor
  config.router.capacity_factor = 1;
  Trainer trainer(config, textures());
  try {
    trainer.set_field("router.capacity_factor", "4");
    FAIL() << "the model would have other slots than its configuration says";
  } catch (const ConfigError& error) { EXPECT_THAT(error.what(), HasSubstr("set router.slots_per_expert instead")); }
  EXPECT_EQ(trainer.config().router.capacity_factor, 1);
}

TEST(Trainer, FieldsThatShapeTheModelAreRefused) {
  Trainer trainer(tiny_config(), textures());
  const auto error_of = [&](const std::string& key, const std::string& value) -> std::string {
    try {
      trainer.set_field(key, value);
    } catch (const ConfigError& error) { return error.what(); }
    return "no error";
  };
  EXPECT_EQ(error_of("model.width", "32"),
            "model.width shapes the model or the data and cannot change on a running model; start a new run with "
            "model.width=32");
  EXPECT_THAT(error_of("router.temprature", "1"), HasSubstr("router.temperature"));
  EXPECT_NE(error_of("router.temperature", "nan"), "no error");
  EXPECT_EQ(trainer.config().router.temperature, 1);
}

TEST(Trainer, ANaNInAParameterIsNamedAndNothingIsUpdated) {
  Trainer trainer(tiny_config(), textures());
  train(trainer, 2);
  Parameter* poisoned = trainer.model().parameters().find("block1.moe.w1");
  ASSERT_NE(poisoned, nullptr);
  const float before = trainer.model().parameters().values().f32()[0];
  poisoned->value.f32()[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(trainer.step(), Trainer::Advance::diverged);
  EXPECT_EQ(trainer.divergence(), "the loss of step 3 is not finite: block1.moe.w1 holds a NaN or infinity");
  EXPECT_EQ(trainer.steps_done(), 2);
  EXPECT_FALSE(trainer.mid_step());
  EXPECT_EQ(trainer.model().parameters().values().f32()[0], before);
}

TEST(Trainer, AnOverflowIsTracedToItsLayer) {
  Trainer trainer(tiny_config(), textures());
  train(trainer, 1);
  // Finite, but its products are not: float ends at 3.4e38.
  Parameter* huge = trainer.model().parameters().find("block1.attn.wqkv");
  ASSERT_NE(huge, nullptr);
  for (int64_t i = 0; i < huge->value.size(); ++i) huge->value.f32()[i] = 3e38f;
  EXPECT_EQ(trainer.step(), Trainer::Advance::diverged);
  EXPECT_THAT(trainer.divergence(), HasSubstr("block1"));
}

TEST(Trainer, ACheckpointOfAnotherRunIsRefused) {
  Trainer trainer(tiny_config(), textures());
  train(trainer, 1);
  const auto bytes = trainer.save({});
  RunConfig config = tiny_config();
  config.train.seed = 9;
  Trainer other(config, textures());
  try {
    other.restore(read_checkpoint(bytes, "checkpoint run.ckpt"));
    FAIL() << "no error";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "checkpoint run.ckpt was saved with train.seed=1, not 9; use the configuration it was saved with");
  }
  EXPECT_EQ(other.steps_done(), 0);
}

}  // namespace
}  // namespace moescope
