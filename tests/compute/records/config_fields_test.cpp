// The table of settings: text in, the same text out, and one useful sentence for every mistake.
#include "compute/records/config_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

using moescope::ConfigError;
using moescope::RunConfig;
using testing::AllOf;
using testing::HasSubstr;

namespace {

std::string refusal(const std::string& key, const std::string& text) {
  RunConfig config;
  try {
    set_field(config, key, text);
  } catch (const ConfigError& error) { return error.what(); }
  return "accepted";
}

moescope::FieldText field_text(std::string_view key) {
  for (const auto& field : list_fields(RunConfig{})) {
    if (field.field.key == key) return field;
  }
  throw std::logic_error("no such field");
}

TEST(ConfigFields, EveryKeyIsThereOnce) {
  std::set<std::string_view> keys;
  for (const auto& field : list_fields(RunConfig{})) {
    EXPECT_TRUE(keys.insert(field.field.key).second) << field.field.key;
    EXPECT_FALSE(field.field.help.empty()) << field.field.key;
  }
}

TEST(ConfigFields, EveryFieldReadsBackWhatItWrites) {
  RunConfig from, to;
  from.name = "a name, with spaces";
  from.router.kind = moescope::RouterKind::experts_choice;
  from.router.bpr = true;
  from.train.learning_rate = 0.1 + 0.2;  // 0.30000000000000004: needs all 17 digits
  from.train.epsilon = 1e-15;
  from.train.seed = 999999999999999;  // the largest whole number of the table
  for (const auto& field : list_fields(from)) set_field(to, field.field.key, field.value);
  EXPECT_EQ(to.train.learning_rate, from.train.learning_rate);
  EXPECT_EQ(to.train.seed, from.train.seed);
  const auto written = list_fields(from), read = list_fields(to);
  for (size_t i = 0; i < written.size(); ++i) EXPECT_EQ(read[i].value, written[i].value) << written[i].field.key;
}

TEST(ConfigFields, DefaultsLieInTheirRanges) { EXPECT_NO_THROW(validate(RunConfig{}, 28)); }

TEST(ConfigFields, WholeNumbersMayBeWrittenAsFloats) {
  RunConfig config;
  set_field(config, "train.batch_size", "2.56e2");
  EXPECT_EQ(config.train.batch_size, 256);
}

TEST(ConfigFields, UnknownKeyNamesTheNearest) {
  EXPECT_THAT(refusal("router.capcity_factor", "1"), HasSubstr("did you mean 'router.capacity_factor'?"));
  EXPECT_THAT(refusal("learning_rate", "1"), HasSubstr("did you mean 'train.learning_rate'?"));
  EXPECT_THAT(refusal("router.nmu_experts", "1"), HasSubstr("did you mean 'router.num_experts'?"));
  EXPECT_THROW(get_field(RunConfig{}, "nothing"), ConfigError);
  EXPECT_THROW(moescope::find_field("nothing"), ConfigError);
}

TEST(ConfigFields, RefusesWhatIsNotAValue) {
  EXPECT_THAT(refusal("train.learning_rate", "nan"),
              AllOf(HasSubstr("train.learning_rate"), HasSubstr("not a number")));
  EXPECT_THAT(refusal("train.learning_rate", "fast"), HasSubstr("'fast' is not a number"));
  EXPECT_THAT(refusal("train.learning_rate", ""), HasSubstr("not a number"));
  EXPECT_THAT(refusal("train.learning_rate", "1e-3x"), HasSubstr("not a number"));
  EXPECT_THAT(refusal("train.learning_rate", "inf"), HasSubstr("outside 0 to 100"));
  EXPECT_THAT(refusal("model.depth", "2.5"), HasSubstr("not a whole number"));
  EXPECT_THAT(refusal("router.num_experts", "0"), HasSubstr("outside 1 to 4096"));
  EXPECT_THAT(refusal("router.bpr", "maybe"), HasSubstr("neither true nor false"));
  EXPECT_THAT(refusal("router.kind", "sotf"),
              AllOf(HasSubstr("dense, soft, tokens_choice, experts_choice"), HasSubstr("did you mean 'soft'?")));
}

TEST(ConfigFields, RefusalLeavesTheValue) {
  RunConfig config;
  config.router.k = 2;
  EXPECT_THROW(set_field(config, "router.k", "1000"), ConfigError);
  EXPECT_EQ(config.router.k, 2);
}

TEST(ConfigFields, ChoicesAndBoolsListTheirNames) {
  EXPECT_THAT(field_text("router.bpr").choices, testing::ElementsAre("false", "true"));
  EXPECT_THAT(field_text("train.loss").choices, testing::ElementsAre("softmax", "sigmoid"));
  EXPECT_TRUE(field_text("router.k").is_integer && field_text("router.k").is_number);
  EXPECT_TRUE(field_text("router.k").choices.empty());
  EXPECT_TRUE(field_text("train.beta1").is_number && !field_text("train.beta1").is_integer);
  EXPECT_EQ(moescope::choice_name(moescope::MoePlacement::every_second), "every_second");
}

}  // namespace
