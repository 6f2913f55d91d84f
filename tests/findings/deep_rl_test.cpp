// R15's analysis: the same arms with other returns, and the verdict follows; interquartile means, not means. P3's
// likewise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "findings/analysis.h"

namespace moescope {
namespace {

using testing::ElementsAre;

Recipe recipe() {
  Recipe r;
  r.analysis = "agents";
  for (const char* name : {"dense", "dense x8", "soft n=8"}) {
    RecipeArm arm;
    arm.name = name;
    r.arms.push_back(arm);
  }
  return r;
}

void add(RecipeData& data, const std::string& arm, const std::vector<double>& returns, double dormant) {
  for (size_t seed = 0; seed < returns.size(); ++seed)
    data.add(arm, static_cast<int64_t>(seed), {{"return", returns[seed]}, {"dormant", dormant}, {"parameters", 10}});
}

std::vector<Verdict> verdicts(const RecipeData& data) {
  std::vector<Verdict> list;
  for (const Check& check : analyse(data).checks) list.push_back(check.verdict);
  return list;
}

TEST(DeepRlRecipe, FollowsTheNumbers) {
  const Recipe r = recipe();
  RecipeData as_published(r), other(r), open(r), few(r);
  add(as_published, "dense", {3, 3.1, 3.2, 3.1, 3}, 0.4);
  add(as_published, "dense x8", {2, 2.1, 2.2, 2.1, 2}, 0.5);
  add(as_published, "soft n=8", {5, 5.1, 5.2, 5.1, 5}, 0.1);
  EXPECT_THAT(verdicts(as_published), ElementsAre(Verdict::reproduced, Verdict::reproduced, Verdict::reproduced));
  add(other, "dense", {3, 3.1, 3.2, 3.1, 3}, 0.1);
  add(other, "dense x8", {6, 6.1, 6.2, 6.1, 6}, 0.1);
  add(other, "soft n=8", {2, 2.1, 2.2, 2.1, 2}, 0.1);
  EXPECT_THAT(verdicts(other), ElementsAre(Verdict::not_reproduced, Verdict::not_reproduced, Verdict::not_reproduced));
  add(open, "dense", {1, 5, 2, 4, 3}, 0.2);
  add(open, "dense x8", {2, 4, 1, 5, 3}, 0.2);
  add(open, "soft n=8", {5, 1, 3, 2, 4}, 0.1);
  EXPECT_THAT(verdicts(open), ElementsAre(Verdict::not_settled, Verdict::not_settled, Verdict::reproduced));
  add(few, "dense", {3, 3.1}, 0.4), add(few, "dense x8", {2, 2.1}, 0.5), add(few, "soft n=8", {5, 5.1}, 0.1);
  EXPECT_THAT(verdicts(few), ElementsAre(Verdict::not_settled, Verdict::not_settled, Verdict::not_settled));
  EXPECT_THAT(verdicts(RecipeData(r)), ElementsAre(Verdict::not_settled, Verdict::not_settled, Verdict::not_settled));
}

TEST(DeepRlRecipe, OneLuckySeedDoesNotMoveTheInterquartileMean) {
  const Recipe r = recipe();
  RecipeData data(r);
  add(data, "dense", {3, 3, 3, 3}, 0.4);
  add(data, "soft n=8", {3, 3, 3, 300}, 0.1);
  const NamedTable table = analyse(data).tables.front();
  EXPECT_EQ(table.table.columns.at(3), "return");
  EXPECT_THAT(std::get<std::string>(table.table.rows.at(2).at(3)), testing::StartsWith("3.00 [3.00, "));
}

TEST(DeepRlRecipe, SeedsThatFailedAreCounted) {
  const Recipe r = recipe();
  RecipeData data(r);
  add(data, "dense", {3, 3, 3}, 0.4);
  data.add("dense", 3, {{"return", 0.5}, {"failed", 1}});
  const NamedTable table = analyse(data).tables.front();
  EXPECT_EQ(table.table.columns.at(2), "failed");
  EXPECT_EQ(table.table.rows.at(0).at(2), Cell{int64_t{1}});
  EXPECT_EQ(table.table.rows.at(0).at(1), Cell{int64_t{4}});
  EXPECT_EQ(table.table.rows.at(1).at(2), Cell{int64_t{0}});
}

Recipe two_games() {
  Recipe r;
  r.analysis = "game-learning";
  for (const char* name : {"breakout dqn", "space invaders dqn"}) {
    RecipeArm arm;
    arm.name = name;
    r.arms.push_back(arm);
  }
  return r;
}

/// Three seeds of an arm, and random play that earns 1, 95 of 100 times at most 2.
void learn(RecipeData& data, const std::string& arm, double earned, double minutes = 5) {
  for (int64_t seed = 0; seed < 3; ++seed) {
    const double last = earned + 0.1 * static_cast<double>(seed);
    data.add(arm, seed,
             {{"return", last},
              {"random", 1},
              {"random_p95", 2},
              {"processor_minutes", minutes},
              {"steps", 2000},
              {"return_at/1000", 1},
              {"return_at/2000", last}});
  }
}

TEST(GameLearning, FollowsTheNumbers) {
  const Recipe r = two_games();
  RecipeData learned(r), one_did_not(r), late(r);
  learn(learned, "breakout dqn", 5), learn(learned, "space invaders dqn", 3);
  EXPECT_EQ(overall(analyse(learned).checks), Verdict::reproduced);
  learn(one_did_not, "breakout dqn", 5), learn(one_did_not, "space invaders dqn", 2.5);
  EXPECT_THAT(verdicts(one_did_not), ElementsAre(Verdict::reproduced, Verdict::reproduced, Verdict::not_reproduced,
                                                 Verdict::reproduced, Verdict::reproduced));
  learn(late, "breakout dqn", 5, 15.1), learn(late, "space invaders dqn", 5);
  EXPECT_EQ(overall(analyse(late).checks), Verdict::not_reproduced);
  EXPECT_EQ(overall(analyse(RecipeData(r)).checks), Verdict::not_settled);
}

TEST(GameLearning, OnePictureAGameWithEachAgentsCurveAndRandomPlay) {
  const Recipe r = two_games();
  RecipeData data(r);
  learn(data, "breakout dqn", 5);
  learn(data, "space invaders dqn", 3);
  const Finding finding = analyse(data);
  ASSERT_EQ(finding.scene.panels.size(), 2u);
  const figure::Panel& panel = finding.scene.panels.front();
  EXPECT_EQ(panel.title, "breakout");
  ASSERT_EQ(panel.marks.size(), 3u);
  EXPECT_EQ(std::get<figure::Band>(panel.marks[0]).low, (std::vector<double>{1, 5}));
  const auto& curve = std::get<figure::Line>(panel.marks[1]);
  EXPECT_EQ(curve.name, "dqn");
  EXPECT_EQ(curve.x, (std::vector<double>{1000, 2000}));
  EXPECT_THAT(curve.y, ElementsAre(1, testing::DoubleNear(5.1, 1e-12)));
  EXPECT_EQ(std::get<figure::Line>(panel.marks[2]).y, (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace moescope
