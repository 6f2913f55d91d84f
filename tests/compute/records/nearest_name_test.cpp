// The nearest name, by edits.
#include "compute/records/nearest_name.h"

#include <gtest/gtest.h>

namespace {

using namespace moescope;

TEST(NearestName, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);  // k>s, e>i, +g
  EXPECT_EQ(edit_distance("nmu", "num"), 1);         // one swap
  EXPECT_EQ(edit_distance("", "abc"), 3);
  const std::string_view names[] = {"model.width", "router.k", "train.epochs"};
  EXPECT_EQ(nearest_name("epoch", names), "train.epochs");
  EXPECT_EQ(nearest_name("rooter.k", names), "router.k");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
