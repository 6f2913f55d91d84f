// Work is cut the same way each time, is done once, and a pool in use is no trap.
#include "compute/backends/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace moescope {
namespace {

TEST(ThreadPool, EveryIndexIsDoneOnce) {
  for (int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    for (int64_t n : {0, 1, 2, 5, 100, 1001}) {
      std::vector<std::atomic<int>> done(static_cast<size_t>(n));
      pool.parallel_for(n, 1, [&](int64_t begin, int64_t end, int) {
        for (int64_t i = begin; i < end; ++i) ++done[i];
      });
      for (auto& d : done) ASSERT_EQ(d, 1) << threads << " threads, n " << n;
    }
  }
}

TEST(ThreadPool, PartsBeginAtMultiplesOfTheGrain) {
  ThreadPool pool(3);
  std::vector<std::pair<int64_t, int64_t>> parts(3, {-1, -1});
  pool.parallel_for(100, 16, [&](int64_t begin, int64_t end, int thread) { parts[thread] = {begin, end}; });
  // 7 units of 16 over 3 threads: 2, 2 and 3 units
  EXPECT_EQ(parts[0], (std::pair<int64_t, int64_t>{0, 32}));
  EXPECT_EQ(parts[1], (std::pair<int64_t, int64_t>{32, 64}));
  EXPECT_EQ(parts[2], (std::pair<int64_t, int64_t>{64, 100}));
}

TEST(ThreadPool, ACallFromInsideRunsInPlace) {
  ThreadPool pool(2);
  std::atomic<int> sum{0};
  pool.parallel_for(4, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i)
      pool.parallel_for(10, 1, [&](int64_t b, int64_t e, int) { sum += static_cast<int>(e - b); });
  });
  EXPECT_EQ(sum, 40);
}

TEST(ThreadPool, TwoUsersAtOnceBothFinish) {
  ThreadPool pool(2);
  std::atomic<int64_t> sum{0};
  const auto use = [&] {
    for (int round = 0; round < 500; ++round)
      pool.parallel_for(64, 1, [&](int64_t begin, int64_t end, int) { sum += end - begin; });
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(sum, 2 * 500 * 64);
}

TEST(ThreadPool, WhatABodyThrowsIsThrownToItsCallerAndThePoolGoesOn) {
  ThreadPool pool(3);
  for (int bad = 0; bad < 3; ++bad) {
    std::atomic<int> others{0};
    const auto body = [&](int64_t, int64_t, int part) {
      if (part == bad) throw std::runtime_error("part " + std::to_string(part));
      ++others;
    };
    try {
      pool.parallel_for(3, 1, body);
      FAIL() << "nothing was thrown by part " << bad;
    } catch (const std::runtime_error& error) { EXPECT_EQ(error.what(), "part " + std::to_string(bad)); }
    EXPECT_EQ(others, 2);
    std::atomic<int64_t> sum{0};
    pool.parallel_for(30, 1, [&](int64_t begin, int64_t end, int) { sum += end - begin; });
    EXPECT_EQ(sum, 30);
  }
}

}  // namespace
}  // namespace moescope
