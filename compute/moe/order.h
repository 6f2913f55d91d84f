// Order by score, ties by lowest index first: the rule of every selection in the routers. NUMERICS 2.3.
#pragma once

#include <bit>
#include <cstdint>

namespace moescope {

/// Keys whose ascending order is "larger score first, then lower index". NaN comes before everything, as in jax.
inline uint64_t descending_key(float score, int64_t index) {
  const uint32_t bits = std::bit_cast<uint32_t>(score);
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(~ascending) << 32 | static_cast<uint32_t>(index);
}
inline int32_t index_of_key(uint64_t key) { return static_cast<int32_t>(key & 0xFFFFFFFFu); }

/// Sorts n keys ascending; `scratch` holds n more. Radix sort beyond a few hundred: about 1 ms for 100,000.
void sort_keys(uint64_t* keys, uint64_t* scratch, int64_t n);

/// The k largest of row[0..n), best first, into index[0..k). k <= n.
void top_k(const float* row, int64_t n, int64_t k, int32_t* index);

}  // namespace moescope
