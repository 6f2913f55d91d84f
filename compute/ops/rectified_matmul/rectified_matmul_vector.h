// Products of rectified rows on vectors, written once. The places of the numbers are listed first, so that the products
// run without a branch; a stretch of a row of results stays in registers meanwhile.
#pragma once

#include "compute/ops/rectified_matmul/rectified_matmul_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"

namespace moescope {
namespace {

constexpr int64_t kAtOnce = 64;    // numbers of one list; with 128 columns their rows of b stay in the first cache
constexpr int kVectorsAtOnce = 8;  // sums in registers

/// The places of what is not 0 among n <= kAtOnce numbers.
struct Places {
  int32_t at[kAtOnce + Vec::kLanes];
  int64_t count = 0;
  void list(const float* x, int64_t n) {
    count = 0;
    for_vectors(n, [&](int64_t i, auto part) { count += append_lanes(at + count, load(x + i, part), i); });
  }
};

/// y[0, kVectors) += sum over the places p of a[p] * b[p,:].
template <int kVectors, class Last>
void add_rows(const Places& places, const float* a, const float* b, int64_t columns, float* y, Last last) {
  constexpr int64_t L = Vec::kLanes;
  Vec sum[kVectors];
#pragma GCC unroll 8
  for (int j = 0; j + 1 < kVectors; ++j) sum[j] = load(y + j * L, Whole{});
  sum[kVectors - 1] = load(y + (kVectors - 1) * L, last);
  for (int64_t i = 0; i < places.count; ++i) {
    const Vec number = all(a[places.at[i]]);
    const float* row = b + places.at[i] * columns;
#pragma GCC unroll 8
    for (int j = 0; j + 1 < kVectors; ++j) sum[j] = fma(number, load(row + j * L, Whole{}), sum[j]);
    sum[kVectors - 1] = fma(number, load(row + (kVectors - 1) * L, last), sum[kVectors - 1]);
  }
#pragma GCC unroll 8
  for (int j = 0; j + 1 < kVectors; ++j) store(y + j * L, sum[j], Whole{});
  store(y + (kVectors - 1) * L, sum[kVectors - 1], last);
}

template <int kVectors>
void add_vectors(const Places& places, const float* a, const float* b, int64_t columns, float* y, int64_t vectors,
                 int64_t in_last) {
  if constexpr (kVectors > 1)
    if (vectors < kVectors) return add_vectors<kVectors - 1>(places, a, b, columns, y, vectors, in_last);
  if (in_last < Vec::kLanes)
    add_rows<kVectors>(places, a, b, columns, y, Tail(in_last));
  else
    add_rows<kVectors>(places, a, b, columns, y, Whole{});
}

/// All columns of one row of results.
void add_products(const Places& places, const float* a, const float* b, int64_t columns, float* y) {
  if (places.count == 0) return;
  constexpr int64_t kColumns = kVectorsAtOnce * Vec::kLanes;
  for (int64_t j = 0; j < columns; j += kColumns) {
    const int64_t now = columns - j < kColumns ? columns - j : kColumns,
                  vectors = (now + Vec::kLanes - 1) / Vec::kLanes;
    add_vectors<kVectorsAtOnce>(places, a, b + j, columns, y + j, vectors, now - (vectors - 1) * Vec::kLanes);
  }
}

void forward(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* b, const float* bias,
             float* y) {
  for (int64_t m = 0; m < rows; ++m)
    for_vectors(columns, [&](int64_t j, auto part) { store(y + m * columns + j, load(bias + j, part), part); });
  for (int64_t k = 0; k < depth; k += kAtOnce) {
    const int64_t now = depth - k < kAtOnce ? depth - k : kAtOnce;
    for (int64_t m = 0; m < rows; ++m) {
      Places places;
      places.list(a + m * depth + k, now);
      add_products(places, a + m * depth + k, b + k * columns, columns, y + m * columns);
    }
  }
}

void weights(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* dy, float* db, int64_t begin,
             int64_t end) {
  constexpr int64_t kBlock = 16;  // columns of a, turned into rows
  alignas(64) float turned[kBlock * kAtOnce];
  for (int64_t first = 0; first < rows; first += kAtOnce) {
    const int64_t now = rows - first < kAtOnce ? rows - first : kAtOnce;
    for (int64_t k = begin; k < end; k += kBlock) {
      const int64_t block = end - k < kBlock ? end - k : kBlock;
      transpose(a + first * depth + k, now, block, depth, turned, kAtOnce);
      for (int64_t i = 0; i < block; ++i) {
        Places places;
        places.list(turned + i * kAtOnce, now);
        add_products(places, turned + i * kAtOnce, dy + first * columns, columns, db + (k + i) * columns);
      }
    }
  }
}

constexpr RectifiedMatmulKernels kVectorRectifiedMatmul = {forward, weights};

}  // namespace
}  // namespace moescope
