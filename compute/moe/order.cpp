// A radix sort over the scores' bytes (stable, so equal scores keep index order), and an insertion for a few best.
#include "compute/moe/order.h"

#include <algorithm>
#include <array>
#include <utility>

namespace moescope {
namespace {

constexpr int64_t kRadixPays = 512;  // below it the histograms cost more than comparing

/// One stable pass over eight bits; false when all keys share them, and nothing was moved.
bool radix_pass(const uint64_t* from, uint64_t* to, int64_t n, int shift) {
  std::array<int64_t, 257> begin{};
  for (int64_t i = 0; i < n; ++i) ++begin[(from[i] >> shift & 0xFF) + 1];
  if (begin[(from[0] >> shift & 0xFF) + 1] == n) return false;
  for (size_t digit = 1; digit < begin.size(); ++digit) begin[digit] += begin[digit - 1];
  for (int64_t i = 0; i < n; ++i) to[begin[from[i] >> shift & 0xFF]++] = from[i];
  return true;
}

}  // namespace

void sort_keys(uint64_t* keys, uint64_t* scratch, int64_t n) {
  if (n < kRadixPays) {
    std::sort(keys, keys + n);
    return;
  }
  // The keys come in index order, so the index half needs no passes of its own.
  uint64_t *from = keys, *to = scratch;
  for (int shift = 32; shift < 64; shift += 8)
    if (radix_pass(from, to, n, shift)) std::swap(from, to);
  if (from != keys) std::copy(from, from + n, keys);
}

void top_k(const float* row, int64_t n, int64_t k, int32_t* index) {
  int64_t found = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (found == k && !(row[i] > row[index[k - 1]])) continue;
    int64_t place = found < k ? found++ : k - 1;
    // Strictly larger only: an equal score of a higher index stays behind.
    for (; place > 0 && row[i] > row[index[place - 1]]; --place) index[place] = index[place - 1];
    index[place] = static_cast<int32_t>(i);
  }
}

}  // namespace moescope
