// Eight floats in an AVX2 register. See vec.h.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace moescope {
namespace {

struct Vec {
  static constexpr int64_t kLanes = 8;
  static constexpr int kRegisters = 16;
  __m256 v;
};

struct Mask {
  __m256 m;  // all bits of a lane
};

struct Whole {};

alignas(64) constexpr int32_t kTailMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

/// The first n lanes count, 0 < n <= kLanes.
struct Tail {
  explicit Tail(int64_t n) : m(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(kTailMask + 8 - n))) {}
  __m256i m;
};

inline Vec zeros() { return {_mm256_setzero_ps()}; }
inline Vec all(float x) { return {_mm256_set1_ps(x)}; }
inline Vec load(const float* p, Whole) { return {_mm256_loadu_ps(p)}; }
/// Lanes that do not count are 0, and their memory is not touched.
inline Vec load(const float* p, Tail t) { return {_mm256_maskload_ps(p, t.m)}; }
/// Lanes that do not count are `other`.
inline Vec load_or(const float* p, Vec, Whole) { return {_mm256_loadu_ps(p)}; }
inline Vec load_or(const float* p, Vec other, Tail t) {
  return {_mm256_blendv_ps(other.v, _mm256_maskload_ps(p, t.m), _mm256_castsi256_ps(t.m))};
}
inline void store(float* p, Vec a, Whole) { _mm256_storeu_ps(p, a.v); }
inline void store(float* p, Vec a, Tail t) { _mm256_maskstore_ps(p, t.m, a.v); }
/// Lanes that do not count become 0.
inline Vec only(Vec a, Whole) { return a; }
inline Vec only(Vec a, Tail t) { return {_mm256_and_ps(a.v, _mm256_castsi256_ps(t.m))}; }

inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }             // a b + c
inline Vec minus_product(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }  // c - a b
inline Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
/// A NaN in x comes through: the instruction returns its second operand then.
inline Vec at_most(Vec x, float bound) { return {_mm256_min_ps(_mm256_set1_ps(bound), x.v)}; }
inline Vec at_least(Vec x, float bound) { return {_mm256_max_ps(_mm256_set1_ps(bound), x.v)}; }
/// For finding a maximum only: a NaN may be lost.
inline Vec larger(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
inline Vec round(Vec a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline Mask is_below(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }    // false for NaN
inline Mask is_at_most(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }  // false for NaN
inline Vec choose(Mask m, Vec yes, Vec no) { return {_mm256_blendv_ps(no.v, yes.v, m.m)}; }

/// first + i for each lane i that is not 0 (a NaN is not), one after the other; how many.
inline int64_t append_lanes(int32_t* to, Vec a, int64_t first) {
  auto lanes = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.v, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
  int64_t count = 0;
  for (; lanes != 0; lanes &= lanes - 1) to[count++] = static_cast<int32_t>(first) + __builtin_ctz(lanes);
  return count;
}

/// 1 / a to about one unit in the last place.
inline Vec reciprocal(Vec a) { return {_mm256_div_ps(_mm256_set1_ps(1), a.v)}; }

/// a * 2^n for whole n in [-252, 254], in two steps so that results below 2^-126 and infinity come out right.
inline Vec scale_by_power(Vec a, Vec n) {
  const __m256i whole = _mm256_cvtps_epi32(n.v), half = _mm256_srai_epi32(whole, 1);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const __m256 second =
      _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23));
  return {_mm256_mul_ps(_mm256_mul_ps(a.v, first), second)};
}
/// The same in one step, for n in [-126, 127] and a near 1.
inline Vec scale_by_small_power(Vec a, Vec n) {
  return {_mm256_mul_ps(a.v, _mm256_castsi256_ps(_mm256_slli_epi32(
                                 _mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127)), 23)))};
}

inline float sum(Vec a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float largest(Vec a) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/// Doubles for sums of squares: the lower and the upper half of a vector, squared and added to `into`.
struct Doubles {
  __m256d low, high;
};
inline Doubles zero_doubles() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
inline void add_squares(Doubles& into, Vec a) {
  const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a.v)),
                high = _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1));
  into.low = _mm256_fmadd_pd(low, low, into.low);
  into.high = _mm256_fmadd_pd(high, high, into.high);
}
inline double sum(const Doubles& d) {
  const __m256d s = _mm256_add_pd(d.low, d.high);
  const __m128d h = _mm_add_pd(_mm256_castpd256_pd128(s), _mm256_extractf128_pd(s, 1));
  return _mm_cvtsd_f64(_mm_add_sd(h, _mm_unpackhi_pd(h, h)));
}

/// Nearest bfloat16, ties to even; a NaN stays one.
inline Vec to_bf16(Vec a) {
  const __m256i bits = _mm256_castps_si256(a.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q));
  return {_mm256_castsi256_ps(
      _mm256_and_si256(_mm256_blendv_epi8(rounded, quiet, nan), _mm256_set1_epi32(static_cast<int>(0xffff0000u))))};
}

}  // namespace
}  // namespace moescope
