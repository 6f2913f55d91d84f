// Names of test images, and back.
#include "compute/records/test_image.h"

#include <gtest/gtest.h>

namespace moescope {
namespace {

TEST(TestImage, IsFoundByItsNameAndNothingElseIs) {
  EXPECT_EQ(test_image(17).label, "test 17");
  EXPECT_EQ(test_image_named(test_image(17).label), 17);
  for (const char* name :
       {"", "test", "test ", "test x", "test 1x", "test -1", "shoe.png", "test 99999999999999999999"})
    EXPECT_FALSE(test_image_named(name)) << name;
}

}  // namespace
}  // namespace moescope
