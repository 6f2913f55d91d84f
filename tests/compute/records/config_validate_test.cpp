// Combinations that cannot be, and what a configuration implies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "compute/records/config_fields.h"

using moescope::ConfigError;
using moescope::MoePlacement;
using moescope::RouterKind;
using moescope::RunConfig;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string refusal(const RunConfig& config, int64_t image_side = 28) {
  try {
    validate(config, image_side);
  } catch (const ConfigError& error) { return error.what(); }
  return "accepted";
}

RunConfig tokens_choice() {
  RunConfig config;
  config.router.kind = RouterKind::tokens_choice;
  return config;
}

TEST(Validate, NanInAFieldIsRefused) {
  RunConfig config;
  config.train.learning_rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(config), HasSubstr("train.learning_rate: 'nan' is not a number"));
}

TEST(Validate, OutOfRangeByHandIsRefused) {
  RunConfig config;
  config.router.num_experts = 0;
  EXPECT_THAT(refusal(config), HasSubstr("router.num_experts: '0' is outside 1 to 4096"));
}

TEST(Validate, MoreChoicesThanExperts) {
  RunConfig config = tokens_choice();
  config.router.k = 3;
  config.router.num_experts = 2;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("router.k 3"), HasSubstr("set router.k=2")));
  config.router.k = 2;
  EXPECT_EQ(refusal(config), "accepted");
  config.router.kind = RouterKind::soft;  // k means nothing there
  config.router.k = 3;
  EXPECT_EQ(refusal(config), "accepted");
}

TEST(Validate, HeadsDivideTheWidth) {
  RunConfig config;
  config.model.width = 128;
  config.model.heads = 6;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("model.heads 6"), HasSubstr("model.width 128"), HasSubstr("such as 4")));
}

TEST(Validate, PatchDividesTheImage) {
  RunConfig config;
  config.model.patch = 8;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("model.patch 8"), HasSubstr("image side 28"), HasSubstr("such as 7")));
  EXPECT_EQ(refusal(config, 0), "accepted") << "side not known yet";
  config.model.patch = 56;
  EXPECT_THAT(refusal(config), HasSubstr("model.patch 56"));
}

TEST(Validate, ImagesAreNotMovedOutOfSight) {
  RunConfig config;
  config.train.crop = 28;
  EXPECT_THAT(refusal(config), HasSubstr("train.crop 28 moves images of side 28 out of sight; choose a smaller crop"));
  config.train.crop = 14, config.train.shift = 14;
  EXPECT_THAT(refusal(config), HasSubstr("train.shift 14 and train.crop 14 together"));
  config.train.crop = 13;
  EXPECT_EQ(refusal(config), "accepted");
}

TEST(Validate, RemediesHelp) {
  RunConfig config = tokens_choice();
  config.model.depth = 1, config.model.moe_blocks = 1;
  config.model.moe_placement = MoePlacement::last_odd;
  EXPECT_THAT(refusal(config), HasSubstr("set model.depth=2"));
  config.model.depth = 2;
  EXPECT_EQ(refusal(config), "accepted");
  config.train.batch_size = 520, config.train.micro_batch = 24;
  EXPECT_THAT(refusal(config), HasSubstr("set train.micro_batch=26"));
  RunConfig one;
  one.router.kind = RouterKind::experts_choice;
  one.router.num_experts = 1, one.router.capacity_factor = 1, one.router.capacity_multiple_of = 4;
  EXPECT_THAT(refusal(one), HasSubstr("set router.capacity_multiple_of=1"));
  one.router.capacity_multiple_of = 1;
  EXPECT_EQ(refusal(one), "accepted");
}

TEST(Validate, SinCosWidth) {
  RunConfig config;
  config.model.position = moescope::PositionKind::sincos2d;
  config.model.heads = 1;
  config.model.width = 130;
  EXPECT_THAT(refusal(config), HasSubstr("set model.width=132"));
  config.model.width = 4;
  EXPECT_THAT(refusal(config), HasSubstr("set model.width=8"));
  config.model.width = 8;
  EXPECT_EQ(refusal(config), "accepted");
}

TEST(Validate, MoeBlocksFitTheDepth) {
  RunConfig config;
  config.model.depth = 4;
  config.model.moe_blocks = 5;
  EXPECT_THAT(refusal(config), HasSubstr("set model.moe_blocks=4"));
  config.model.moe_placement = MoePlacement::last_odd;
  config.model.moe_blocks = 3;  // only blocks 1 and 3 are odd
  EXPECT_THAT(refusal(config), HasSubstr("set model.moe_blocks=2"));
  config.model.moe_blocks = 0;
  EXPECT_THAT(refusal(config), HasSubstr("model.moe_blocks is 0"));
  config.router.kind = RouterKind::dense;
  EXPECT_EQ(refusal(config), "accepted");
  config = RunConfig{};
  config.model.depth = 1;
  config.model.moe_placement = MoePlacement::every_second;
  EXPECT_THAT(refusal(config), HasSubstr("every_second finds no second block"));
}

TEST(Validate, NoSlotLeft) {
  // 49 tokens, factor 0.1, 16 experts: 49 * 0.1 / 16 = 0.31, which rounds to 0 and is raised to 1.
  RunConfig config;
  config.router.slots_per_expert = 0;
  config.router.capacity_factor = 0.1;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("router.capacity_factor"), HasSubstr("no slot")));
  config.router.kind = RouterKind::experts_choice;
  EXPECT_EQ(refusal(config), "accepted");
  config.router.capacity_rounding = moescope::CapacityRounding::round;
  EXPECT_THAT(refusal(config), HasSubstr("no slot"));
  config.router.capacity_factor = 1;
  config.router.eval_capacity_factor = 0.1;
  EXPECT_THAT(refusal(config), HasSubstr("router.eval_capacity_factor"));
}

TEST(Validate, AnExpertCannotChooseMoreTokensThanThereAre) {
  RunConfig config;
  config.router.kind = RouterKind::experts_choice;
  config.router.num_experts = 4;
  config.router.capacity_factor = 4;  // 49 * 4 / 4 = 49 tokens for each
  EXPECT_EQ(refusal(config), "accepted");
  config.router.capacity_multiple_of = 4;  // 49 is raised to 52
  EXPECT_THAT(refusal(config), HasSubstr("52 tokens, more than there are with 49"));
}

TEST(Validate, IdentityMixingWantsASlotForEachToken) {
  RunConfig config;  // 49 tokens, 16 experts x 3 slots
  config.router.mixing = moescope::SoftMixing::identity;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("48 slots and 49 tokens"), HasSubstr("router.num_experts=49")));
  config.router.num_experts = 49, config.router.slots_per_expert = 1;
  EXPECT_EQ(refusal(config), "accepted");
}

TEST(Validate, GroupsFillTheBatches) {
  RunConfig config = tokens_choice();  // group of 8 images
  config.train.batch_size = 100;
  config.train.micro_batch = 50;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("train.batch_size 100"), HasSubstr("router.group_images 8")));
  config.train.batch_size = 120;
  config.train.micro_batch = 60;
  EXPECT_THAT(refusal(config), HasSubstr("set train.micro_batch=64"));
  config.train.micro_batch = 256;  // more than the batch: all of it at once
  EXPECT_EQ(refusal(config), "accepted");
  config.train.micro_batch = 48;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("train.batch_size 120"), HasSubstr("set train.micro_batch=40")));
}

TEST(Validate, DataAndSchedule) {
  RunConfig config;
  config.data.image_size = 56;
  EXPECT_THAT(refusal(config), AllOf(HasSubstr("data.image_size 56"), HasSubstr("fashion_mnist")));
  config.data.dataset = moescope::DatasetKind::fashion_scenes;
  EXPECT_EQ(refusal(config, 56), "accepted");
  config.data.dataset = moescope::DatasetKind::folder;
  EXPECT_THAT(refusal(config, 56), HasSubstr("data.path"));
  config = RunConfig{};
  config.train.shift = 28;
  EXPECT_THAT(refusal(config), HasSubstr("train.shift 28"));
  config = RunConfig{};
  config.train.schedule_steps = 100;  // shorter than the warm-up of 200
  EXPECT_THAT(refusal(config), HasSubstr("train.warmup_steps 200"));
}

TEST(Implied, ExpertWidth) {
  RunConfig config;
  config.model.mlp = 512;
  EXPECT_EQ(expert_width(config), 512);
  config.router.activation = moescope::Activation::geglu;
  EXPECT_EQ(expert_width(config), 341);  // int(512 * 2/3)
  config.router.expert_mlp = 96;
  EXPECT_EQ(expert_width(config), 96);
  config.router.expert_mlp = 0;
  config.model.mlp = 1;
  EXPECT_THAT(refusal(config), HasSubstr("geglu"));
}

TEST(Implied, GroupImages) {
  RunConfig config;
  EXPECT_EQ(group_images(config.router), 1);
  config.router.kind = RouterKind::tokens_choice;
  EXPECT_EQ(group_images(config.router), 8);
  config.router.group_images = 3;
  EXPECT_EQ(group_images(config.router), 3);
}

TEST(Implied, MoeLayers) {
  RunConfig config;
  config.model.depth = 8;
  config.model.moe_blocks = 2;
  auto layers = [&] {
    std::vector<int> positions;
    const std::vector<bool> flags = moe_layers(config.model, config.router);
    for (size_t i = 0; i < flags.size(); ++i) {
      if (flags[i]) positions.push_back(static_cast<int>(i));
    }
    return positions;
  };
  EXPECT_THAT(layers(), ElementsAre(6, 7));
  config.model.moe_placement = MoePlacement::last_odd;  // the last two ODD blocks, not the last two
  EXPECT_THAT(layers(), ElementsAre(5, 7));
  config.model.depth = 9;
  EXPECT_THAT(layers(), ElementsAre(5, 7));
  config.model.moe_placement = MoePlacement::every_second;
  EXPECT_THAT(layers(), ElementsAre(1, 3, 5, 7));
  config.router.kind = RouterKind::dense;
  EXPECT_THAT(layers(), ElementsAre());
}

TEST(Validate, ListedBlocksAreThoseOfTheList) {
  RunConfig config;
  config.model.depth = 6;
  config.model.moe_placement = MoePlacement::listed;
  EXPECT_THAT(refusal(config), HasSubstr("needs model.moe_list"));
  config.model.moe_list = "1,6";
  EXPECT_THAT(refusal(config), HasSubstr("names block \"6\", but model.depth 6 has blocks 0 to 5"));
  config.model.moe_list = "1,x";
  EXPECT_THAT(refusal(config), HasSubstr("names block \"x\""));
  config.model.moe_list = "0,3";
  EXPECT_NO_THROW(validate(config, 28));
  EXPECT_EQ(moescope::moe_layers(config.model, config.router),
            (std::vector<bool>{true, false, false, true, false, false}));
}

}  // namespace
