// Configurations as JSON: presets, parents, and a sentence with file and line for every mistake.
#include "app/options/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/options/config_options.h"
#include "compute/records/config_fields.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class ConfigFile : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string refusal(const std::string& text) {
    try {
      load_config_file(write("mine.json", text));
    } catch (const ConfigError& error) { return error.what(); }
    return "accepted";
  }

  const TempFolder temp_;
  fs::path folder_ = temp_.path();
};

TEST_F(ConfigFile, ObjectsAndDottedKeysMeanTheSame) {
  const RunConfig config =
      load_config_file(write("mine.json", R"({"router": {"k": 2, "bpr": true}, "model.width": 64})"));
  EXPECT_EQ(config.router.k, 2);
  EXPECT_TRUE(config.router.bpr);
  EXPECT_EQ(config.model.width, 64);
  EXPECT_EQ(config.model.depth, RunConfig{}.model.depth);
}

TEST_F(ConfigFile, AChildChangesItsParent) {
  write("grandparent.json", R"({"model": {"width": 64, "depth": 6}, "router.k": 3})");
  write("parent.json", R"({"parent": "grandparent.json", "model": {"depth": 8}})");
  const RunConfig config = load_config_file(write("child.json", R"({"parent": "parent.json", "router": {"k": 2}})"));
  EXPECT_EQ(config.model.width, 64);
  EXPECT_EQ(config.model.depth, 8);
  EXPECT_EQ(config.router.k, 2);
  EXPECT_EQ(load_config_file(write("of_preset.json", R"({"parent": "vmoe-s"})")).router.kind,
            RouterKind::tokens_choice);
}

TEST_F(ConfigFile, ParentsInACircle) {
  write("a.json", R"({"parent": "./b.json"})");
  const fs::path b = write("b.json", R"({"parent": "./a.json"})");
  try {
    load_config_file(b);
    FAIL() << "a circle was followed to its end";
  } catch (const ConfigError& error) { EXPECT_THAT(error.what(), testing::Not(HasSubstr("/./"))); }
}

TEST_F(ConfigFile, EveryMistakeNamesFileLineAndRemedy) {
  EXPECT_THAT(refusal("{\n\"router\": {\n\"num_expert\": 4}}"),
              AllOf(HasSubstr("mine.json, line 3:"), HasSubstr("did you mean 'router.num_experts'?")));
  EXPECT_THAT(refusal("{\n\"router\": {\"k\": 0}}"), AllOf(HasSubstr("line 2"), HasSubstr("router.k: '0' is outside")));
  EXPECT_THAT(refusal("{\n\"router\":\n {\"k\": NaN}}"),
              AllOf(HasSubstr("mine.json, line 3"), HasSubstr("damaged JSON")));
  EXPECT_THAT(refusal("{\"train.learning_rate\": \"nan\"}"), HasSubstr("not a number"));
  EXPECT_THAT(refusal("{\"model\": {\"width\": 64}"), HasSubstr("damaged JSON"));  // cut off
  EXPECT_THAT(refusal(""), HasSubstr("damaged JSON"));
  EXPECT_THAT(refusal("{\"train.learning_rate\": 1e999}"), HasSubstr("the number '1e999' is too large"));
  EXPECT_THROW(load_config_file(folder_), ConfigError);
  EXPECT_THAT(refusal("[1, 2]"), HasSubstr("one JSON object"));
  EXPECT_THAT(refusal("{\"router.k\": [2]}"), HasSubstr("router.k must be a number, true, false or text, not array"));
  EXPECT_THAT(refusal("{\"router.k\": null}"), HasSubstr("not null"));
  EXPECT_THAT(refusal("{\"router\": {\"k\": 1, \"k\": 2}}"), HasSubstr("the key 'k' stands twice"));
  EXPECT_THAT(refusal("{\"parent\": 3}"), HasSubstr("parent must be text"));
  EXPECT_THAT(refusal("{\"parent\": \"vmoe-z\"}"), HasSubstr("there is no preset 'vmoe-z'; did you mean 'vmoe-s'?"));
  EXPECT_THAT(refusal("{\"parent\": \"gone.json\"}"), HasSubstr("gone.json cannot be read"));
  EXPECT_THAT(refusal("{\"router.bpr\": 2}"), HasSubstr("neither true nor false"));
}

TEST_F(ConfigFile, WritesWhatItReads) {
  RunConfig config = load_preset("vmoe-top2-bpr");
  config.train.learning_rate = 0.1 + 0.2;
  config.name = "with \"quotes\"";
  const RunConfig again = load_config_file(write("whole.json", config_as_json(config)));
  const auto before = list_fields(config), after = list_fields(again);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i].value, before[i].value) << before[i].field.key;
}

TEST(Presets, EveryOneLoadsAndIsPossible) {
  const std::vector<Preset> presets = list_presets();
  EXPECT_GE(presets.size(), 30u);
  for (const Preset& preset : presets) {
    SCOPED_TRACE(preset.name);
    EXPECT_FALSE(preset.about.empty());
    RunConfig config = load_preset(preset.name);
    EXPECT_EQ(config.name, preset.name);
    int64_t side = config.data.image_size;
    if (config.data.dataset == DatasetKind::fashion_mnist) side = 28;
    if (config.data.dataset == DatasetKind::folder) config.data.path = "/some/images";
    ASSERT_GT(side, 0);
    EXPECT_NO_THROW(validate(config, side));
  }
}

TEST(Presets, SaySizesOfThePapers) {
  // Soft MoE S/14: 12 blocks of width 384, 256 experts of one slot in the last 6 (arXiv:2308.00951, Table 1).
  const RunConfig soft = load_preset("soft-s14");
  EXPECT_EQ(soft.model.width, 384);
  EXPECT_EQ(soft.model.patch, 14);
  EXPECT_EQ(soft.router.num_experts, 256);
  EXPECT_TRUE(soft.model.qk_norm);
  // V-MoE L/16: 24 blocks of width 1024, experts in every second block.
  const RunConfig vmoe = load_preset("vmoe-l16");
  EXPECT_EQ(vmoe.model.width, 1024);
  EXPECT_EQ(vmoe.train.learning_rate, 4e-4);
  const std::vector<bool> layers = moe_layers(vmoe.model, vmoe.router);
  EXPECT_EQ(std::count(layers.begin(), layers.end(), true), 12);
}

TEST(ConfigOptions, PresetThenSettings) {
  ConfigOptions options;
  options.preset = "vmoe-s";
  options.settings = {"router.k=1", "router.k=3", "name=a=b"};
  const RunConfig config = chosen_config(options);
  EXPECT_EQ(config.router.k, 3);
  EXPECT_EQ(config.name, "a=b");
  options.settings = {"router.k"};
  EXPECT_THROW(chosen_config(options), ConfigError);
  EXPECT_EQ(chosen_config({}).name, "default");
}

}  // namespace
