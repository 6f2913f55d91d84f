// The two ways between threads: the newest value wins, or nothing is lost.
#include "compute/core/mailbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "compute/core/queue.h"

namespace moescope {
namespace {

TEST(Mailbox, HandsOutTheNewestOnce) {
  Mailbox<int> box;
  int value = 0;
  EXPECT_FALSE(box.take(value));
  box.post(1);
  box.post(2);
  EXPECT_TRUE(box.take(value));
  EXPECT_EQ(value, 2);
  EXPECT_FALSE(box.take(value));
}

TEST(Queue, KeepsOrderAcrossThreads) {
  Queue<int> queue;
  std::thread writer([&] {
    for (int i = 0; i < 10'000; ++i) queue.push(i);
    queue.close();
  });
  int expected = 0;
  while (true) {
    const bool last = queue.closed();
    for (int i : queue.wait_drain(std::chrono::milliseconds(50))) ASSERT_EQ(i, expected++);
    if (last) break;
  }
  writer.join();
  EXPECT_EQ(expected, 10'000);
}

}  // namespace
}  // namespace moescope
