// The studies of theorem 1: what its proof says about an implementation, and that more experts learn the norm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "compute/backends/implementations.h"
#include "compute/records/error.h"
#include "compute/studies/norm_fit.h"
#include "compute/studies/study.h"

namespace moescope {
namespace {

const StudyProgress kGoOn = [](double) { return true; };

RunConfig bare(int64_t width, int64_t experts, int64_t hidden) {
  RunConfig c;
  c.model.width = width;
  c.router.num_experts = experts, c.router.slots_per_expert = 1, c.router.expert_mlp = hidden;
  c.router.soft_normalize = SoftNormalize::none, c.router.activation = Activation::relu;
  c.train.weight_decay = 0, c.train.learning_rate = 1e-3;
  return c;
}

TEST(ProofInputs, TheSlotSeesTheSameWhileTheLengthsDiffer) {
  for (const double sign : {1.0, -1.0, 0.0}) {
    const Values v = proof_inputs({bare(3, 1, 8), {{"a", {5, 10, 20, 40}}, {"sign", {sign}}}}, kGoOn).values;
    const double gap = sign == 0 ? 1 - std::sqrt(0.5) : std::sqrt(2.0) - 1;
    for (const double a : {5.0, 40.0}) {
      const std::string name = std::to_string(static_cast<int>(a));
      EXPECT_NEAR(v.at("length_difference/" + name), gap * a, 1e-5 * a) << sign;  // float32 numbers
    }
    // At 40 and a weight of at least 1/2 the other tokens have e^-20 of the first one's share.
    EXPECT_LT(v.at("slot_distance/40"), 1e-5) << sign;
    EXPECT_LE(v.at("slot_distance/40"), v.at("slot_distance/10")) << sign;
  }
}

TEST(NormFunction, MoreExpertsOfTheSameTotalSizeLearnIt) {
  RunConfig one = bare(5, 1, 50), ten = bare(5, 10, 5);
  for (RunConfig* c : {&one, &ten})
    c->train.schedule_steps = 600, c->train.batch_size = 256, c->train.learning_rate = 5e-3;
  const Numbers few = {{"held_out", {4000}}};
  const double with_one = norm_function({one, few}, kGoOn).values.at("loss");
  const double with_ten = norm_function({ten, few}, kGoOn).values.at("loss");
  // The variance of the length is 12.18: one expert is no better than a constant.
  EXPECT_GT(with_one, 10.5);
  EXPECT_LT(with_ten, 0.7 * with_one);
}

TEST(NormFunction, SideBySideIsAlone) {
  std::vector<StudyCase> cases;
  for (const auto& [width, experts, hidden] : {std::array{5, 1, 50}, std::array{2, 5, 4}, std::array{5, 10, 5}}) {
    RunConfig c = bare(width, experts, hidden);
    c.train.schedule_steps = 20, c.train.batch_size = 37;  // no multiple of a vector
    c.router.noise_std = 0;
    cases.push_back({c, {{"held_out", {500}}}});
  }
  const std::vector<StudyOutcome> together = norm_functions(cases, kGoOn);
  for (size_t i = 0; i < cases.size(); ++i) {
    const StudyOutcome alone = norm_function(cases[i], kGoOn);
    EXPECT_EQ(together[i].values.at("loss"), alone.values.at("loss")) << i;  // to the last bit
    EXPECT_EQ(together[i].curve.back().value, alone.curve.back().value) << i;
  }
  cases.back().config.train.seed = 1;
  EXPECT_THROW(norm_functions(cases, kGoOn), ConfigError);
}

TEST(NormFunction, TheWrittenOutStepIsTheLayers) {
  for (const auto& [width, experts, hidden] :
       {std::array{5, 1, 50}, std::array{2, 1, 20}, std::array{5, 10, 5}, std::array{2, 10, 2}, std::array{5, 2, 25}}) {
    RunConfig c = bare(width, experts, hidden);
    c.train.schedule_steps = 30, c.train.batch_size = 37, c.router.noise_std = 0;
    const StudyCase study{c, {{"held_out", {500}}}};
    const StudyOutcome layer = [&] {
      const UseInstructionSet plain(InstructionSet::reference);
      return norm_function(study, kGoOn);
    }();
    for (const InstructionSet set : runnable_instruction_sets()) {
      const UseInstructionSet use(set);
      const StudyOutcome lanes = norm_function(study, kGoOn);
      ASSERT_EQ(lanes.curve.size(), layer.curve.size());
      for (size_t i = 0; i < lanes.curve.size(); ++i) {
        // float32 sums in another order, through 30 steps of Adam
        EXPECT_NEAR(lanes.curve[i].value, layer.curve[i].value, 2e-4 * layer.curve[i].value) << width << experts << i;
      }
    }
  }
}

TEST(NormFunction, PieceByPieceIsTheStudy) {
  RunConfig c = bare(5, 5, 10);
  c.train.schedule_steps = 40, c.train.batch_size = 32, c.router.noise_std = 0;
  const StudyOutcome whole = norm_function({c, {{"held_out", {200}}}}, kGoOn);
  NormFit fit(c);
  fit.advance(7);
  fit.advance(33);
  EXPECT_EQ(fit.step(), 40);
  std::vector<double> lengths, predicted;
  fit.predict(200, lengths, predicted);
  double loss = 0;
  for (size_t i = 0; i < lengths.size(); ++i) loss += (predicted[i] - lengths[i]) * (predicted[i] - lengths[i]) / 200;
  EXPECT_NEAR(loss, whole.values.at("loss"), 1e-9 * loss);  // the same sum, divided earlier
}

TEST(Studies, CanBeStoppedAndSayWhatIsWrong) {
  RunConfig config = bare(5, 1, 50);
  config.train.schedule_steps = 100, config.train.batch_size = 16;
  EXPECT_THROW(norm_function({config, {}}, [](double) { return false; }), StudyStopped);
  config.model.width = 3;
  EXPECT_THROW(norm_function({config, {}}, kGoOn), ConfigError);
  EXPECT_THROW(find_study("norm-functoin"), ConfigError);
}

}  // namespace
}  // namespace moescope
