// Order by score: ties go to the lowest index, whatever the path through the sort.
#include "compute/moe/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "compute/core/rng.h"

namespace moescope {
namespace {

using testing::ElementsAre;

std::vector<int32_t> best(const std::vector<float>& row, int64_t k) {
  std::vector<int32_t> index(static_cast<size_t>(k));
  top_k(row.data(), static_cast<int64_t>(row.size()), k, index.data());
  return index;
}

TEST(TopK, LargestFirstAndEqualOnesByIndex) {
  EXPECT_THAT(best({0.1f, 0.4f, 0.2f, 0.3f}, 2), ElementsAre(1, 3));
  EXPECT_THAT(best({0.25f, 0.25f, 0.25f, 0.25f}, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(best({0.1f, 0.3f, 0.3f, 0.3f}, 2), ElementsAre(1, 2));
  EXPECT_THAT(best({0.3f, 0.1f, 0.3f, 0.9f}, 4), ElementsAre(3, 0, 2, 1));
}

TEST(TopK, NaNStillGivesDifferentIndices) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& row : {std::vector<float>{nan, nan, nan}, {0.2f, nan, 0.5f}, {nan, 0.1f, 0.2f}}) {
    std::vector<int32_t> index = best(row, 3);
    std::sort(index.begin(), index.end());
    EXPECT_THAT(index, ElementsAre(0, 1, 2));
  }
}

/// What a stable sort by descending score gives.
std::vector<int32_t> stable_order(const std::vector<float>& scores) {
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  return order;
}

TEST(SortKeys, AgreesWithAStableSortAtEverySizeAndWithManyTies) {
  Rng rng(3, RngPurpose::test);
  for (const int64_t n : {1, 2, 50, 511, 512, 513, 4000, 100000}) {
    for (const int64_t levels : {2, 37, 1 << 20}) {
      std::vector<float> scores(static_cast<size_t>(n));
      for (float& s : scores) s = static_cast<float>(rng.below(levels)) / static_cast<float>(levels) - 0.5f;
      std::vector<uint64_t> keys(scores.size()), scratch(scores.size());
      for (size_t i = 0; i < keys.size(); ++i) keys[i] = descending_key(scores[i], static_cast<int64_t>(i));
      sort_keys(keys.data(), scratch.data(), n);
      const std::vector<int32_t> want = stable_order(scores);
      for (size_t i = 0; i < keys.size(); ++i)
        ASSERT_EQ(index_of_key(keys[i]), want[i]) << n << " scores of " << levels << " levels, at " << i;
    }
  }
}

}  // namespace
}  // namespace moescope
