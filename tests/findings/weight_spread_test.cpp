// The spread of weights counted by hand on one image of two tokens, and the verdict that follows from such numbers.
#include "findings/weight_spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/error.h"
#include "findings/analysis.h"
#include "findings/measures.h"
#include "support/tiny_replica.h"

namespace moescope {
namespace {

using testing::ElementsAre;

constexpr double kBin = 0.0005;  // of a quantile; sums of floats are far closer

/// Two images of two tokens, two experts of one slot.
struct TwoImages {
  //                          token 0, slots 0 and 1; token 1; then the second image
  std::vector<float> dispatch{0.92F, 0.5F, 0.08F, 0.5F, 0.6F, 0.95F, 0.4F, 0.05F};
  std::vector<float> combine{0.8F, 0.2F, 0.6F, 0.4F, 0.5F, 0.5F, 0.7F, 0.3F};
  Values report() {
    Routing routing;
    routing.kind = RouterKind::soft;
    routing.groups = 2, routing.tokens = 2, routing.total_tokens = 4;
    routing.experts = 2, routing.slots_per_expert = 1;
    routing.dispatch = Tensor(dispatch.data(), {4, 2}), routing.combine = Tensor(combine.data(), {4, 2});
    WeightSpread spread;
    spread.add(routing);
    Values values;
    spread.report(3, values);
    return values;
  }
};

TEST(WeightSpread, OfTokens) {
  const Values values = TwoImages().report();
  // 0.92 + 0.5, 0.08 + 0.5, 0.6 + 0.95, 0.4 + 0.05
  EXPECT_NEAR(values.at("token_sum/3/0"), 0.45, 1e-6);
  EXPECT_NEAR(values.at("token_sum/3/30"), 0.58, 1e-6);
  EXPECT_NEAR(values.at("token_sum/3/100"), 1.55, 1e-6);
  EXPECT_EQ(values.at("token_above_2/3"), 0);
  EXPECT_EQ(values.at("token_below_0.25/3"), 0);
  TwoImages heavy;
  heavy.dispatch = {0.99F, 0.99F, 0.01F, 0.01F, 0.5F, 0.5F, 0.5F, 0.5F};
  EXPECT_EQ(heavy.report().at("token_below_0.25/3"), 25);
}

TEST(WeightSpread, OfExperts) {
  const Values values = TwoImages().report();
  // Expert 0 gives 0.8 + 0.6 + 0.5 + 0.7 = 2.6, expert 1 the other 1.4.
  EXPECT_EQ(values.at("expert_share/3/1"), 1);
  EXPECT_NEAR(values.at("expert_share/3/2"), 2.6 / 1.4, 1e-6);
  EXPECT_EQ(values.at("expert_ratio/3"), values.at("expert_share/3/2"));
}

TEST(WeightSpread, OfSlotsSharpestToFlattest) {
  const Values values = TwoImages().report();
  // 90 % of slot 0: one token of two in the first image, both in the second. Slot 1: both, then one. A tie: in order.
  EXPECT_EQ(values.at("tokens_for_90/sharpest/3"), 75);
  EXPECT_EQ(values.at("tokens_for_90/flattest/3"), 75);
  EXPECT_NEAR(values.at("slot/sharpest/3/1"), (0.92 + 0.6) / 2, 1e-6);
  EXPECT_NEAR(values.at("slot/flattest/3/1"), (0.5 + 0.95) / 2, 1e-6);
  EXPECT_NEAR(values.at("slot/flattest/3/2"), 1, 1e-6);
}

TEST(WeightSpread, OfAllSlotsAndTokens) {
  const Values values = TwoImages().report();
  // The heaviest token of the four slots: 0.92, 0.5, 0.6, 0.95; the heaviest slot of the four tokens: 0.8 0.6 0.5 0.7.
  EXPECT_NEAR(values.at("dispatch_mass/3/1/mean"), 2.97 / 4, 1e-6);
  EXPECT_NEAR(values.at("dispatch_mass/3/1/20"), 0.5, kBin);
  EXPECT_NEAR(values.at("dispatch_mass/3/1/80"), 0.95, kBin);
  EXPECT_NEAR(values.at("combine_mass/3/1/mean"), 2.6 / 4, 1e-6);
  EXPECT_NEAR(values.at("combine_mass/3/1/0.5"), 0.5, kBin);
  EXPECT_NEAR(values.at("combine_mass/3/2/20"), 1, kBin);
}

TEST(WeightSpread, LooksAtFewOfManyPlaces) {
  const auto ks = [](int64_t most) { return CumulativeWeight(most).ks(); };
  EXPECT_THAT(ks(49), ElementsAre(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 49));
  EXPECT_THAT(ks(48), ElementsAre(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48));
  EXPECT_THAT(ks(1), ElementsAre(1));
}

TEST(WeightSpread, IsMeasuredOnEveryMoeLayerOfASoftMoeAlone) {
  const auto go = [](double) { return true; };
  Replica soft = tiny_replica(tiny_two_layers(RouterKind::soft));
  Values values;
  find_measure("inspection")(soft, {}, go, values);
  ASSERT_TRUE(was_measured("inspection", values));
  for (const int64_t block : soft.model->moe_blocks()) {
    const std::string layer = "/" + std::to_string(block);
    const double tokens = static_cast<double>(soft.model->tokens_per_image());
    // Weights that sum to 1 for each slot (token), whatever they are.
    EXPECT_NEAR(values.at("dispatch_mass" + layer + "/" + text_of(tokens) + "/mean"), 1, 1e-5);
    EXPECT_GE(values.at("expert_ratio" + layer), 1);
  }
  Replica sparse = tiny_replica(tiny_two_layers(RouterKind::tokens_choice));
  EXPECT_THROW(find_measure("inspection")(sparse, {}, go, values), ConfigError);
}

TEST(SoftInspection, FollowsTheNumbers) {
  Recipe recipe;
  recipe.analysis = "soft-inspection";
  recipe.arms.push_back({"12 x 4", {}, {}});
  const auto of = [&](double above_2, double flattest) {
    RecipeData data(recipe);
    for (int64_t seed = 0; seed < 3; ++seed) {
      Values values = TwoImages().report();
      values["token_above_2/3"] = above_2, values["token_below_0.25/3"] = 17, values["expert_ratio/3"] = 5;
      values["tokens_for_90/sharpest/3"] = 10, values["tokens_for_90/flattest/3"] = flattest;
      data.add("12 x 4", seed, values);
    }
    return overall(analyse(data).checks);
  };
  EXPECT_EQ(of(3, 85), Verdict::reproduced);
  EXPECT_EQ(of(1, 85), Verdict::not_reproduced);
  EXPECT_EQ(of(3, 60), Verdict::not_reproduced);
}

TEST(SoftInspection, DrawsEveryFigureOfEachLayer) {
  Recipe recipe;
  recipe.analysis = "soft-inspection";
  recipe.arms.push_back({"12 x 4", {}, {}});
  RecipeData data(recipe);
  data.add("12 x 4", 0, TwoImages().report());
  const Finding finding = analyse(data);
  ASSERT_EQ(finding.scene.panels.size(), 5u);  // tokens, experts; of the one layer slots, dispatch, combine
  const figure::Panel& dispatch = finding.scene.panels[3];
  ASSERT_EQ(dispatch.marks.size(), 7u);  // five bands, mean, uniform
  EXPECT_THAT(std::get<figure::Band>(dispatch.marks[0]).x, ElementsAre(1, 2));
  EXPECT_NEAR(std::get<figure::Line>(dispatch.marks[5]).y[0], 2.97 / 4, 1e-6);
  const auto& tokens = std::get<figure::Line>(finding.scene.panels[0].marks[0]);
  EXPECT_EQ(tokens.y.back(), 100);
}

}  // namespace
}  // namespace moescope
