// The table of settings of agents: every field through text and back, and what is said about mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/rl_config_fields.h"

namespace moescope {
namespace {

using testing::HasSubstr;

template <class Work>
std::string sentence(Work&& work) {
  try {
    work();
  } catch (const ConfigError& error) { return error.what(); }
  return "accepted";
}

TEST(RlConfigTest, EveryFieldGoesThroughTextAndBack) {
  RlConfig config;
  config.layer = RlLayer::top1;
  config.tokens = RlTokens::average_patch;
  config.learning_rate = 1.0 / 3;
  config.noisy = true;
  RlConfig copy;
  for (const FieldText& field : list_fields(config)) set_field(copy, field.field.key, field.value);
  const auto before = list_fields(config), after = list_fields(copy);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].value, after[i].value) << before[i].field.key;
  EXPECT_EQ(copy.learning_rate, 1.0 / 3);
}

TEST(RlConfigTest, KeysMayLeaveOutTheirRoomAndMistakesNameTheNearest) {
  RlConfig config;
  set_field(config, "experts", "4");
  EXPECT_EQ(config.experts, 4);
  EXPECT_THAT(sentence([&] { set_field(config, "rl.expert", "4"); }), HasSubstr("did you mean 'rl.experts'?"));
  EXPECT_THAT(sentence([&] { set_field(config, "layer", "sofd"); }),
              HasSubstr("rl.layer: 'sofd' is not one of dense, soft, top1; did you mean 'soft'?"));
  EXPECT_THAT(sentence([&] { set_field(config, "gamma", "1.5"); }), HasSubstr("rl.gamma: '1.5' is outside 0 to 1"));
}

TEST(RlConfigTest, ContradictionsNameBothFields) {
  RlConfig config;
  config.min_replay = 200'000;
  EXPECT_THAT(sentence([&] { validate(config); }), HasSubstr("rl.replay_capacity, 100000"));
  config = {};
  config.min_replay = 20;
  EXPECT_THAT(sentence([&] { validate(config); }), HasSubstr("must be above rl.batch_size + rl.n_step, 35"));
  config = {};
  config.divide_hidden = true;
  config.experts = 3;
  EXPECT_THAT(sentence([&] { validate(config); }), HasSubstr("3 experts do not divide rl.hidden, 128"));
}

}  // namespace
}  // namespace moescope
