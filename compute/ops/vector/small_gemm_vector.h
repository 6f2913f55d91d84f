// Dense products for one thread whose operands fit the first caches: one head of attention, one group of tokens.
//
// A tile of C is held in registers, as many rows times vectors as there are registers for; each step of k loads one row
// of the tile's columns of B and spreads one number of A per row. A is addressed by two strides, so Aᵀ is free; a
// transposed B is copied first (transpose below), which costs little beside the product.
#pragma once

#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

// Rows of the widest tiles for 1, 2, ... vectors: rows * vectors sums, one row of B and one number of A must fit.
constexpr int kMaxVectors = Vec::kRegisters == 32 ? 4 : 3;
constexpr int max_rows(int vectors) {
  if (Vec::kRegisters == 32) return vectors <= 2 ? 12 : vectors == 3 ? 8 : 6;
  return vectors == 1 ? 8 : vectors == 2 ? 6 : 4;
}

struct GemmTile {
  const float* a;
  int64_t a_row, a_column;
  const float* b;
  int64_t b_row;
  float* c;
  int64_t c_row;
  int64_t depth;
  bool accumulate;
};

/// What a product's sums begin with and become before they are stored; a column is counted from the first of the tile.
/// This one changes nothing. Others are what the ops need: a bias and a ReLU, a mask.
struct AsSummed {
  template <class Part>
  Vec begin(int64_t, Part) const {
    return zeros();
  }
  template <class Part>
  Vec end(Vec sum, const float*, Part) const {
    return sum;
  }
  AsSummed moved(int64_t) const { return *this; }  // to a tile so many columns further
};

template <int kRows, int kVectors, class Last, class Finish>
inline void multiply_tile(const GemmTile& t, Last last, const Finish& finish) {
  constexpr int64_t L = Vec::kLanes;
  Vec c[kRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j + 1 < kVectors; ++j) c[i][j] = finish.begin(j * L, Whole{});
    c[i][kVectors - 1] = finish.begin((kVectors - 1) * L, last);
  }
  const float *a = t.a, *b = t.b;
  for (int64_t k = 0; k < t.depth; ++k, a += t.a_column, b += t.b_row) {
    Vec b_k[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j + 1 < kVectors; ++j) b_k[j] = load(b + j * L, Whole{});
    b_k[kVectors - 1] = load(b + (kVectors - 1) * L, last);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Vec a_ik = all(a[i * t.a_row]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) c[i][j] = fma(a_ik, b_k[j], c[i][j]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    float* out = t.c + i * t.c_row;
#pragma GCC unroll 4
    for (int j = 0; j + 1 < kVectors; ++j) {
      if (t.accumulate) c[i][j] = c[i][j] + load(out + j * L, Whole{});
      store(out + j * L, finish.end(c[i][j], out + j * L, Whole{}), Whole{});
    }
    out += (kVectors - 1) * L;
    const Vec sum = t.accumulate ? c[i][kVectors - 1] + load(out, last) : c[i][kVectors - 1];
    store(out, finish.end(sum, out, last), last);
  }
}

template <int kRows, int kVectors, class Last, class Finish>
void multiply_rows(const GemmTile& t, int64_t rows, Last last, const Finish& finish) {
  if (rows == kRows)
    multiply_tile<kRows, kVectors>(t, last, finish);
  else if constexpr (kRows > 1)
    multiply_rows<kRows - 1, kVectors>(t, rows, last, finish);
}

// All rows of kVectors vectors of columns, in tiles of nearly equal height.
template <int kVectors, class Last, class Finish>
void multiply_columns(GemmTile t, int64_t rows, Last last, const Finish& finish) {
  constexpr int kMost = max_rows(kVectors);
  int64_t tiles = (rows + kMost - 1) / kMost;
  for (; rows > 0; --tiles) {
    const int64_t height = (rows + tiles - 1) / tiles;
    multiply_rows<kMost, kVectors>(t, height, last, finish);
    t.a += height * t.a_row;
    t.c += height * t.c_row;
    rows -= height;
  }
}

template <int kVectors, class Finish>
void multiply_vectors(const GemmTile& t, int64_t rows, int64_t vectors, int64_t in_last, const Finish& finish) {
  if constexpr (kVectors > 1)
    if (vectors < kVectors) return multiply_vectors<kVectors - 1>(t, rows, vectors, in_last, finish);
  if constexpr (Vec::kLanes == 16)  // a mask costs nothing there
    multiply_columns<kVectors>(t, rows, Tail(in_last), finish);
  else if (in_last < Vec::kLanes)
    multiply_columns<kVectors>(t, rows, Tail(in_last), finish);
  else
    multiply_columns<kVectors>(t, rows, Whole{}, finish);
}

/// c[i * c_row + j] (+)= sum over k < depth of a[i * a_row + k * a_column] * b[k * b_row + j], for i < rows, j <
/// columns; what `finish` makes of it.
template <class Finish = AsSummed>
inline void small_gemm(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t a_row, int64_t a_column,
                       const float* b, int64_t b_row, float* c, int64_t c_row, bool accumulate = false,
                       Finish finish = {}) {
  constexpr int64_t L = Vec::kLanes;
  int64_t vectors = (columns + L - 1) / L;
  for (int64_t chunks = (vectors + kMaxVectors - 1) / kMaxVectors; chunks > 0; --chunks) {
    const int64_t now = (vectors + chunks - 1) / chunks, width = columns < now * L ? columns : now * L;
    multiply_vectors<kMaxVectors>({a, a_row, a_column, b, b_row, c, c_row, depth, accumulate}, rows, now,
                                  width - (now - 1) * L, finish);
    finish = finish.moved(width);
    vectors -= now;
    columns -= width;
    b += width;
    c += width;
  }
}

// Eight by eight numbers: halves of rows are loaded side by side, so that only unpacking within halves is left.
inline void transpose_8x8(const float* from, int64_t from_row, float* to, int64_t to_row) {
  __m256 r[8], u[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const float *upper = from + i * from_row, *lower = from + (i + 4) * from_row;
    r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper)), _mm_loadu_ps(lower), 1);
    r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper + 4)), _mm_loadu_ps(lower + 4), 1);
  }
#pragma GCC unroll 2
  for (int h = 0; h < 8; h += 4) {
    u[h] = _mm256_unpacklo_ps(r[h], r[h + 1]);
    u[h + 1] = _mm256_unpackhi_ps(r[h], r[h + 1]);
    u[h + 2] = _mm256_unpacklo_ps(r[h + 2], r[h + 3]);
    u[h + 3] = _mm256_unpackhi_ps(r[h + 2], r[h + 3]);
    _mm256_storeu_ps(to + h * to_row, _mm256_shuffle_ps(u[h], u[h + 2], 0x44));
    _mm256_storeu_ps(to + (h + 1) * to_row, _mm256_shuffle_ps(u[h], u[h + 2], 0xee));
    _mm256_storeu_ps(to + (h + 2) * to_row, _mm256_shuffle_ps(u[h + 1], u[h + 3], 0x44));
    _mm256_storeu_ps(to + (h + 3) * to_row, _mm256_shuffle_ps(u[h + 1], u[h + 3], 0xee));
  }
}

/// to[c * to_row + r] = from[r * from_row + c]
inline void transpose(const float* from, int64_t rows, int64_t columns, int64_t from_row, float* to, int64_t to_row) {
  const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  for (int64_t r = 0; r < whole_rows; r += 8) {
    for (int64_t c = 0; c < whole_columns; c += 8)
      transpose_8x8(from + r * from_row + c, from_row, to + c * to_row + r, to_row);
    for (int64_t c = whole_columns; c < columns; ++c)
      for (int64_t i = r; i < r + 8; ++i) to[c * to_row + i] = from[i * from_row + c];
  }
  for (int64_t r = whole_rows; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) to[c * to_row + r] = from[r * from_row + c];
}

/// Rows of this many floats begin on cache lines of their own.
inline int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }

}  // namespace
}  // namespace moescope
