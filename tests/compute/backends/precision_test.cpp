// What a CPU makes of a precision that is a GPU's.
#include "compute/backends/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/backends/backend.h"

namespace moescope {
namespace {

TEST(CpuPrecision, Tf32IsComputedAsFloat32AndItSaysSo) {
  ComputeConfig config;
  config.device = DeviceKind::cpu;
  EXPECT_THAT(make_backend(config)->description(), testing::Not(testing::HasSubstr("tf32")));
  config.precision = Precision::tf32;
  EXPECT_THAT(make_backend(config)->description(), testing::EndsWith(", float32 (tf32 is a GPU's)"));
  EXPECT_EQ(matmul_precision(), Precision::float32);
}

}  // namespace
}  // namespace moescope
