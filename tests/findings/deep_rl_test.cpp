// R15's analysis: the same arms with other returns, and the verdict follows; interquartile means, not means.
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
  EXPECT_THAT(std::get<std::string>(table.table.rows.at(2).at(3)), testing::StartsWith("3.00"));
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

}  // namespace
}  // namespace moescope
