// Recipe files: what is wrong in one is told before anything runs. Analyses: the same numbers, the right verdict.
#include "findings/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "compute/records/error.h"
#include "findings/analysis.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kWhole = R"({"id": "R0", "title": "t", "claim": "c", "source": "s", "criterion": "w",
  "study": "norm-function", "analysis": "norm-function", "numbers": {"held_out": [10]},
  "arms": [{"name": "n=1", "settings": ["model.width=5", "router.num_experts=1"], "numbers": {"held_out": [20]}},
           {"name": "n=10", "settings": ["model.width=5", "router.num_experts=10"]}],
  "budgets": {"quick": {"seeds": 3}, "full": {"settings": ["train.epochs=2"]}},
  "reference": [{"arm": "n=1", "value": "loss", "paper": 11.7, "source": "figure 4"}]})";

class RecipeFile : public testing::Test {
 protected:
  Recipe load(std::string text, const std::string& from = "", const std::string& to = "") {
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    const std::string file = folder_ / "mine.json";
    std::ofstream(file) << text;
    return load_recipe(file);
  }
  std::string refusal(const std::string& from, const std::string& to) {
    try {
      load(kWhole, from, to);
    } catch (const ConfigError& error) { return error.what(); }
    return "";
  }
  const TempFolder folder_;
};

TEST_F(RecipeFile, IsRead) {
  const Recipe recipe = load(kWhole);
  EXPECT_EQ(recipe.name, "mine");
  EXPECT_FALSE(recipe.trains());
  EXPECT_EQ(recipe.arms[0].numbers.at("held_out"), std::vector<double>{20});
  EXPECT_EQ(recipe.arms[1].numbers.at("held_out"), std::vector<double>{10});
  EXPECT_EQ(recipe.budget("full").settings, std::vector<std::string>{"train.epochs=2"});
  EXPECT_THROW(recipe.budget("long"), ConfigError);
}

TEST_F(RecipeFile, SaysWhatIsWrong) {
  EXPECT_THAT(refusal("\"claim\"", "\"clam\""), AllOf(HasSubstr("mine.json"), HasSubstr("clam")));
  EXPECT_THAT(refusal("\"study\": \"norm-function\"", "\"study\": \"norm-functoin\""),
              HasSubstr("did you mean 'norm-function'?"));
  EXPECT_THAT(refusal("\"analysis\": \"norm-function\"", "\"analysis\": \"bp\""), HasSubstr("did you mean 'bpr'?"));
  EXPECT_THAT(refusal("n=10", "n=1"), HasSubstr("the arm \"n=1\" twice"));
  EXPECT_THAT(refusal("{\"arm\": \"n=1\"", "{\"arm\": \"n=7\""), HasSubstr("which is no arm"));
  EXPECT_THAT(refusal("\"quick\"", "\"quik\""), HasSubstr("has no budget 'quick'"));
  EXPECT_THAT(refusal("{\"id\"", "{{"), HasSubstr("is no recipe"));
}

TEST_F(RecipeFile, JudgesTheRunsOfAnotherOne) {
  load(kWhole);
  const auto second = [&](const std::string& rest) {
    const std::string file = folder_ / "second.json";
    std::ofstream(file) << R"({"id": "R0b", "title": "t", "claim": "c", "source": "s", "criterion": "w",
      "analysis": "norm-function", )" +
                               rest + "}";
    return load_recipe(file);
  };
  const Recipe recipe = second(R"("runs_of": "mine")");
  EXPECT_EQ(recipe.name, "second");
  EXPECT_EQ(recipe.runs_of, "mine");
  EXPECT_EQ(recipe.arms.size(), 2u);
  EXPECT_EQ(recipe.study, "norm-function");
  EXPECT_TRUE(recipe.reference.empty());
  EXPECT_THROW(second(R"("runs_of": "mine", "arms": [])"), ConfigError);
  EXPECT_THROW(second(R"("runs_of": "second")"), ConfigError);  // of itself
  EXPECT_THROW(second(R"("runs_of": "nowhere")"), ConfigError);
}

TEST_F(RecipeFile, TheSameAnalysisConfirmsAndRefutes) {
  const Recipe recipe = load(kWhole);
  RecipeData as_published(recipe), other(recipe);
  for (int64_t seed = 0; seed < 3; ++seed) {
    const double jitter = 0.01 * static_cast<double>(seed);
    as_published.add("n=1", seed, {{"loss", 11.9 + jitter}});
    as_published.add("n=10", seed, {{"loss", 0.9 + jitter}});
    other.add("n=1", seed, {{"loss", 11.9 + jitter}});
    other.add("n=10", seed, {{"loss", 5 + jitter}});
  }
  EXPECT_EQ(overall(analyse(as_published).checks), Verdict::reproduced);
  EXPECT_EQ(overall(analyse(other).checks), Verdict::not_reproduced);  // more than 1/8 of 11.9
  EXPECT_EQ(overall(analyse(RecipeData(recipe)).checks), Verdict::not_settled);
  // One panel, a band and a line for the width, and the line of the best constant.
  EXPECT_EQ(analyse(as_published).scene.panels.at(0).marks.size(), 3u);
}

TEST_F(RecipeFile, SeedsArePairedAndMissingOnesLeftOut) {
  const Recipe recipe = load(kWhole);
  RecipeData data(recipe);
  data.add("n=1", 0, {{"loss", 4}});
  data.add("n=1", 2, {{"loss", 6}});
  data.add("n=10", 2, {{"loss", 3}});
  const auto ratio = [](double a, double b) { return a / b; };
  EXPECT_EQ(data.paired("n=1", "loss", "n=10", "loss", ratio), std::vector<double>{2});
  EXPECT_EQ(data.values("n=1", "loss"), (std::vector<double>{4, 6}));
  EXPECT_TRUE(data.values("n=1", "accuracy").empty());
}

}  // namespace
}  // namespace moescope
