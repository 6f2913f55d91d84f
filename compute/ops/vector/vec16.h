// Sixteen floats in an AVX-512 register. See vec.h.
#pragma once

// g++ 12 takes the "undefined" operand of its own intrinsics for a mistake of ours (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include <cstdint>

namespace moescope {
namespace {

struct Vec {
  static constexpr int64_t kLanes = 16;
  static constexpr int kRegisters = 32;
  __m512 v;
};

struct Mask {
  __mmask16 m;
};

struct Whole {};

/// The first n lanes count, 0 < n <= kLanes.
struct Tail {
  explicit Tail(int64_t n) : m(static_cast<__mmask16>((1u << n) - 1)) {}
  __mmask16 m;
};

inline Vec zeros() { return {_mm512_setzero_ps()}; }
inline Vec all(float x) { return {_mm512_set1_ps(x)}; }
inline Vec load(const float* p, Whole) { return {_mm512_loadu_ps(p)}; }
/// Lanes that do not count are 0, and their memory is not touched.
inline Vec load(const float* p, Tail t) { return {_mm512_maskz_loadu_ps(t.m, p)}; }
/// Lanes that do not count are `other`.
inline Vec load_or(const float* p, Vec, Whole) { return {_mm512_loadu_ps(p)}; }
inline Vec load_or(const float* p, Vec other, Tail t) { return {_mm512_mask_loadu_ps(other.v, t.m, p)}; }
inline void store(float* p, Vec a, Whole) { _mm512_storeu_ps(p, a.v); }
inline void store(float* p, Vec a, Tail t) { _mm512_mask_storeu_ps(p, t.m, a.v); }
/// Lanes that do not count become 0.
inline Vec only(Vec a, Whole) { return a; }
inline Vec only(Vec a, Tail t) { return {_mm512_maskz_mov_ps(t.m, a.v)}; }

inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }             // a b + c
inline Vec minus_product(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }  // c - a b
inline Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
/// A NaN in x comes through: the instruction returns its second operand then.
inline Vec at_most(Vec x, float bound) { return {_mm512_min_ps(_mm512_set1_ps(bound), x.v)}; }
inline Vec at_least(Vec x, float bound) { return {_mm512_max_ps(_mm512_set1_ps(bound), x.v)}; }
/// For finding a maximum only: a NaN may be lost.
inline Vec larger(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
inline Vec round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline Mask is_below(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }    // false for NaN
inline Mask is_at_most(Vec a, Vec b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }  // false for NaN
inline Vec choose(Mask m, Vec yes, Vec no) { return {_mm512_mask_blend_ps(m.m, no.v, yes.v)}; }

/// first + i for each lane i that is not 0 (a NaN is not), one after the other; how many. Up to 16 places of `to` may
/// be written.
inline int64_t append_lanes(int32_t* to, Vec a, int64_t first) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __mmask16 numbers = _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  // Counted before the store: GCC 12 spills the mask's 16 bits over a call (a thread sanitizer's) and counts 32.
  const int count = __builtin_popcount(_cvtmask16_u32(numbers));
  _mm512_storeu_si512(
      to, _mm512_maskz_compress_epi32(numbers, _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first)))));
  return count;
}

/// 1 / a to about one unit in the last place, for 2^-126 < |a| < 2^126: an estimate of 14 bits and one Newton step,
/// three times as fast as the division.
inline Vec reciprocal(Vec a) {
  const __m512 r = _mm512_rcp14_ps(a.v);
  return {_mm512_fmadd_ps(r, _mm512_fnmadd_ps(a.v, r, _mm512_set1_ps(1)), r)};
}

/// a * 2^n for whole n; results below 2^-126 and infinity come out right.
inline Vec scale_by_power(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }
inline Vec scale_by_small_power(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }

inline float sum(Vec a) { return _mm512_reduce_add_ps(a.v); }
inline float largest(Vec a) { return _mm512_reduce_max_ps(a.v); }

/// Doubles for sums of squares: the lower and the upper half of a vector, squared and added to `into`.
struct Doubles {
  __m512d low, high;
};
inline Doubles zero_doubles() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
inline void add_squares(Doubles& into, Vec a) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a.v)),
                high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1));
  into.low = _mm512_fmadd_pd(low, low, into.low);
  into.high = _mm512_fmadd_pd(high, high, into.high);
}
inline double sum(const Doubles& d) { return _mm512_reduce_add_pd(_mm512_add_pd(d.low, d.high)); }

/// Nearest bfloat16, ties to even; a NaN stays one.
inline Vec to_bf16(Vec a) {
  const __m512i bits = _mm512_castps_si512(a.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x00400000));
  const __mmask16 nan = _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q);
  return {_mm512_castsi512_ps(_mm512_and_si512(_mm512_mask_blend_epi32(nan, rounded, quiet),
                                               _mm512_set1_epi32(static_cast<int>(0xffff0000u))))};
}

}  // namespace
}  // namespace moescope
