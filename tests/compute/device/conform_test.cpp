// The golden files through the GPU program, on the strict fake.
#include "compute/conform/conform.h"

#include <gtest/gtest.h>

#include <map>

#include "support/device_on_host.h"

namespace moescope {
namespace {

TEST(OnTheDeviceConform, GoldenFilesAgreeForwardAndBackward) {
  if (const std::string missing = missing_gpu(); !missing.empty()) GTEST_SKIP() << "no GPU: " << missing;
  const DeviceOnHost host;
  std::map<std::string, int> passed;
  const ConformSummary summary = run_conform(std::string(MOESCOPE_TEST_DATA) + "/golden", host.plugin(), "cuda-host",
                                             [&](const ConformLine& line) {
                                               EXPECT_NE(line.verdict, ConformLine::Verdict::failed) << describe(line);
                                               if (line.verdict == ConformLine::Verdict::passed) ++passed[line.kind];
                                             });
  EXPECT_TRUE(summary.ok());
  const std::map<std::string, int> all{{"aux", 3}, {"moe", 25}, {"optim", 2}, {"soft_rms", 3}, {"ties", 2}, {"vit", 4}};
  EXPECT_EQ(passed, all);
}

}  // namespace
}  // namespace moescope
