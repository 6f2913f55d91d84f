// Subsets of experts: by hand, and against the layer itself.
#include "compute/studies/expert_subsets.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/backends/implementations.h"
#include "compute/eval/evaluator.h"
#include "compute/records/config_fields.h"
#include "compute/studies/study.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

/// Two images, three experts, two classes.
ExpertContributions by_hand() {
  ExpertContributions c{2, 3, 2, {}, {}, {}, {}};
  c.logits = {1, 0, /**/ 0, 3, /**/ 0, 1,   // image 0: class 0 only with expert 0 alone
              0, 1, /**/ 0, 2, /**/ 5, 0};  // image 1: class 1 without expert 2
  c.combine = {0.2f, 0.5f, 0.3f, 0.6f, 0.1f, 0.3f};
  c.best_of = {0, 1, 1, 2, 0, 0};
  c.labels = {0, 1};
  return c;
}

TEST(ExpertSubsets, RulesRankExperts) {
  const ExpertContributions c = by_hand();
  // combine keeps expert 1 of image 0 (predicts 1, wrong) and expert 0 of image 1 (predicts 1, right).
  EXPECT_EQ(count_correct_with(c, SubsetRule::combine, 1), 1);
  // load: experts 1 and 2 have one token each of image 0, and 1 has more weight; wrong. Image 1: expert 0, right.
  EXPECT_EQ(count_correct_with(c, SubsetRule::load, 1), 1);
  // contribution: expert 1 of image 0 (length 3) and expert 2 of image 1 (length 5): both wrong.
  EXPECT_EQ(count_correct_with(c, SubsetRule::contribution, 1), 0);
  // all three: image 0 sums to (1,4), image 1 to (5,3): both wrong.
  EXPECT_EQ(count_correct_with(c, SubsetRule::combine, 3), 0);
}

TEST(ExpertSubsets, TheSearchFindsWhatPredictsTheClass) {
  ExhaustiveSearch one, two;
  one.add(by_hand(), 1);
  EXPECT_EQ(one.num_subsets, 3);
  EXPECT_EQ(one.num_correct, 2);                   // expert 0 of image 0; experts 0 and 1 of image 1
  EXPECT_EQ(one.best, (std::set<int64_t>{0, 1}));  // of image 1, expert 1 is surer
  two.add(by_hand(), 2);
  EXPECT_EQ(two.num_subsets, 3);  // 01 02 12
  EXPECT_EQ(two.num_correct, 2);  // image 0: 02 is a tie, which the lower class wins; image 1: 01
  EXPECT_EQ(two.best, (std::set<int64_t>{0, 1}));
}

class SingleLayer : public testing::Test {
 protected:
  static RunConfig config() {
    RunConfig c;
    c.model.patch = 4, c.model.width = 16, c.model.mlp = 8;
    c.router.num_experts = 6, c.router.slots_per_expert = 2;
    c.router.soft_normalize = SoftNormalize::tokens, c.router.activation = Activation::relu;
    c.router.scale_init = 4;
    c.train.learning_rate = 0.01, c.train.weight_decay = 0, c.train.batch_size = 32, c.train.flip = false;
    return c;
  }
  std::shared_ptr<const Dataset> data_ = std::make_shared<SyntheticDataset>();
};

TEST_F(SingleLayer, ContributionsOfKeptExpertsSumToTheLayersOwnLogits) {
  SingleLayerNet net(config(), {8, 8, 1, 4});
  EvalBatches batches(data_, Split::test, 64, PixelScale::standardize);
  const Batch& batch = *batches.next();
  const ExpertContributions parts = net.contributions(batch);
  for (const int64_t kept : {0, 2, 5}) {  // 0: all
    const Tensor logits = net.logits(batch, {kept, KeepBy::combine, 0});
    int64_t correct = count_correct(logits, batch.labels.i32());
    EXPECT_EQ(correct, count_correct_with(parts, SubsetRule::combine, kept == 0 ? 6 : kept)) << kept;
    if (kept > 0) continue;
    for (int64_t i = 0; i < logits.size(); ++i) {
      float sum = 0;
      for (int64_t e = 0; e < 6; ++e) sum += parts.logits[static_cast<size_t>((i / 4 * 6 + e) * 4 + i % 4)];
      // Six rounded products in another order; logits are of size 1.
      ASSERT_NEAR(sum, logits.f32()[i], 1e-5);
    }
  }
}

TEST_F(SingleLayer, LearnsWithoutBiases) {
  SingleLayerNet net(config(), {8, 8, 1, 4});
  BatchLoader loader(data_, LoaderSettings::of(config()));
  double first = 0, last = 0;
  SharedBatch batch;
  for (int64_t step = 0; step < 150; ++step) {
    batch.take(loader.next());
    (step == 0 ? first : last) = net.train(batch, step);
  }
  EXPECT_LT(last, 0.5 * first);
  for (const Parameter& p : net.parameters().all()) {
    for (int64_t i = 0; p.role == ParameterRole::bias && i < p.value.size(); ++i) ASSERT_EQ(p.value.f32()[i], 0);
  }
}

/// The paper's net on the textures: four tokens of 16 numbers, one slot an expert, nothing wide as a vector.
RunConfig four_tokens(int64_t experts, int64_t hidden) {
  RunConfig c;
  c.model.patch = 4, c.model.width = 16;
  c.router.num_experts = experts, c.router.slots_per_expert = 1, c.router.expert_mlp = hidden, c.router.noise_std = 0;
  c.router.soft_normalize = SoftNormalize::tokens, c.router.activation = Activation::relu, c.router.scale_init = 3;
  c.train.learning_rate = 0.01, c.train.weight_decay = 0, c.train.batch_size = 37, c.train.flip = false;
  return c;
}

TEST_F(SingleLayer, TheWrittenOutStepsGradientsAreTheLayers) {
  for (const auto& [experts, hidden] : {std::pair(1, 20), std::pair(5, 7), std::pair(18, 3), std::pair(4, 33)}) {
    const RunConfig c = four_tokens(experts, hidden);
    BatchLoader loader(data_, LoaderSettings::of(c));
    SharedBatch batch;
    batch.take(loader.next());
    const auto trained = [&](InstructionSet set) {  // the rate is 0: the step leaves only its gradients
      const UseInstructionSet use(set);
      RunConfig still = c;
      still.train.learning_rate = 0;
      auto net = std::make_unique<SingleLayerNet>(still, ImageShape{8, 8, 1, 4});
      return std::pair(net->train(batch, 0), std::move(net));
    };
    const auto [loss, layer] = trained(InstructionSet::reference);
    for (const InstructionSet set : runnable_instruction_sets()) {
      SCOPED_TRACE(std::to_string(experts) + " experts, " + std::string(choice_name(set)));
      const auto [lanes_loss, lanes] = trained(set);
      EXPECT_NEAR(lanes_loss, loss, 1e-5 * loss);  // float32 sums of some hundred numbers in another order
      for (const Parameter& p : layer->parameters().all()) {
        const Parameter* other = lanes->parameters().find(p.name);
        double square = 0, off = 0;
        for (int64_t i = 0; i < p.gradient.size(); ++i) {
          const double a = p.gradient.f32()[i], b = other->gradient.f32()[i];
          square += a * a, off += (a - b) * (a - b);
        }
        EXPECT_LE(std::sqrt(off), 1e-4 * std::sqrt(square)) << p.name;
        EXPECT_EQ(square > 0, p.role != ParameterRole::bias) << p.name;
      }
    }
  }
}

TEST(SingleLayers, SideBySideIsAloneToTheLastBit) {
  std::vector<StudyCase> cases;
  for (const auto& [experts, hidden] : {std::pair(4, 49), std::pair(16, 12), std::pair(32, 6)}) {
    RunConfig c = four_tokens(experts, hidden);
    c.data.dataset = DatasetKind::handwritten_digits, c.data.train_limit = 300, c.data.test_limit = 120;
    c.model.patch = 14, c.model.width = 196;
    c.train.epochs = 8, c.train.batch_size = 50, c.train.shift = 2;
    cases.push_back({c, {{"divisors", {2, 4}}, {"random_seeds", {2}}, {"exhaustive_divisor", {4}}}});
  }
  const StudyProgress go_on = [](double) { return true; };
  const std::vector<StudyOutcome> together = single_layers(cases, go_on);
  for (size_t i = 0; i < cases.size(); ++i) {
    StudyOutcome alone = single_layer(cases[i], go_on);
    ASSERT_EQ(together[i].curve.size(), alone.curve.size());
    EXPECT_EQ(together[i].curve.back().value, alone.curve.back().value) << i;
    for (const auto& [name, value] : alone.values) {
      if (name.starts_with("time/") || name.starts_with("search_secs/")) continue;  // of the clock
      EXPECT_EQ(together[i].values.at(name), value) << i << " " << name;
    }
  }
  EXPECT_GT(together[0].values.at("all"), 50);  // of ten classes
  cases.back().config.train.seed = 1;
  EXPECT_THROW(single_layers(cases, go_on), ConfigError);
}

}  // namespace
}  // namespace moescope
