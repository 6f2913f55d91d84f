// bench kernels --model: the roofline of a named model's step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_program.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;

TEST(RooflineTable, NamesEachKernelAndSaysThatNothingWasMeasured) {
  const Outcome out = run_program({"bench", "kernels", "--model", "vmoe-s", "--batch", "256"});
  ASSERT_EQ(out.status, 0) << out.err;
  EXPECT_THAT(out.out, AllOf(HasSubstr("256 images"), HasSubstr("matmul experts backward"), HasSubstr("assignment"),
                             HasSubstr("adamw"), HasSubstr("not measurements"), HasSubstr("H100 us")));
}

TEST(RooflineTable, AnUnknownModelIsTheUsersError) {
  const Outcome out = run_program({"bench", "kernels", "--model", "vmoe-z"});
  EXPECT_EQ(out.status, 2);
  EXPECT_THAT(out.err, HasSubstr("vmoe-"));
}

}  // namespace
