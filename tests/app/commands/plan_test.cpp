// The papers' tables against our counts, and the command that prints them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/models/paper_models.h"
#include "support/run_program.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;

TEST(Plan, DigitsMayBeCutOffOrRounded) {
  EXPECT_TRUE(prints_as(933.7e6, "933M"));
  EXPECT_TRUE(prints_as(668.7e6, "669M"));
  EXPECT_TRUE(prints_as(1.841e9, "1.8B"));
  EXPECT_FALSE(prints_as(1.911e9, "1.8B"));
  EXPECT_TRUE(prints_as(3446.04e6, "3446.0M"));
  EXPECT_FALSE(prints_as(3445.8e6, "3446.0M"));
}

TEST(Plan, EveryPublishedNumberAgrees) {
  const std::vector<Agreement> rows = compare_with_papers(load_paper_models());
  EXPECT_GE(rows.size(), 60u);
  for (const Agreement& row : rows)
    EXPECT_TRUE(row.agrees) << row.model << ": " << row.quantity << " " << row.paper << ", here " << row.ours;
}

TEST(Plan, TheCommandPrintsItAsTextAndJson) {
  const Outcome text = run_program({"plan", "soft-s16", "--devices", "8", "--parallel", "expert"});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("GFLOPs/image"), HasSubstr("all-to-all"), HasSubstr("4000000 steps of 4096")));
  const Outcome json = run_program({"plan", "vmoe-s", "--set", "router.num_experts=4", "--format", "json"});
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_GT(nlohmann::json::parse(json.out)["scatter_bytes_per_image"], 0);
  const Outcome unknown = run_program({"plan", "soft-s15"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no model 'soft-s15'; did you mean 'soft-s1"));
  EXPECT_EQ(run_program({"plan", "vmoe-s", "--devices", "3", "--parallel", "expert"}).status, 2);
}

}  // namespace
