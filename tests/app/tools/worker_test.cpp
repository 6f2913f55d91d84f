// A thread of tasks outlives what its tasks throw.
#include "app/tools/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "compute/core/queue.h"

namespace moescope {
namespace {

TEST(Worker, TellsWhatATaskThrowsAndGoesOn) {
  Queue<std::string> told;
  Worker worker([&](std::string words) { told.push("failed: " + words); });
  worker.post([] { throw std::runtime_error("a damaged file"); });
  worker.post([&] { told.push("done"); });
  std::deque<std::string> all;
  while (all.size() < 2)
    for (std::string& one : told.wait_drain(std::chrono::milliseconds(100))) all.push_back(std::move(one));
  EXPECT_THAT(all, testing::ElementsAre("failed: a damaged file", "done"));
}

}  // namespace
}  // namespace moescope
