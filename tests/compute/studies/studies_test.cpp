// The studies of theorem 1: what its proof says about an implementation, and that more experts learn the norm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compute/records/error.h"
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
