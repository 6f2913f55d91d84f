// Several vectors that go through a formula side by side.
//
// A formula of twenty dependent steps waits for each of them: while one vector's step is under way, the processor can
// look only so far ahead for another vector's. Written out step by step for several vectors, it always has work at hand
// (a fifth less time for the tanh GELU). Formulas are templates over the type; the same code takes a Vec for the last
// part.
#pragma once

#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

/// Sixteen registers hold the constants of a formula and one vector; a second one went through memory, at four times
/// the cost.
constexpr int kPack = Vec::kRegisters == 32 ? 4 : 1;

struct Pack {
  Vec v[kPack];
};

/// As a `part`: all lanes of kPack vectors that stand together.
struct WholePack {};

inline Vec lane(Vec a, int) { return a; }
inline Vec lane(const Pack& a, int i) { return a.v[i]; }

template <class... A>
constexpr bool kAnyPack = (__is_same(A, Pack) || ...);

/// f for each vector; a Vec among the operands counts for all of them.
template <class F, class... A>
inline Pack each(F&& f, const A&... a) {
  Pack r;
#pragma GCC unroll 4
  for (int i = 0; i < kPack; ++i) r.v[i] = f(lane(a, i)...);
  return r;
}

template <class A, class B>
requires kAnyPack<A, B>
inline Pack operator+(A a, B b) {
  return each([](Vec x, Vec y) { return x + y; }, a, b);
}
template <class A, class B>
requires kAnyPack<A, B>
inline Pack operator-(A a, B b) {
  return each([](Vec x, Vec y) { return x - y; }, a, b);
}
template <class A, class B>
requires kAnyPack<A, B>
inline Pack operator*(A a, B b) {
  return each([](Vec x, Vec y) { return x * y; }, a, b);
}
template <class A, class B, class C>
requires kAnyPack<A, B, C>
inline Pack fma(A a, B b, C c) {
  return each([](Vec x, Vec y, Vec z) { return fma(x, y, z); }, a, b, c);
}
inline Pack at_most(Pack a, float bound) {
  return each([=](Vec x) { return at_most(x, bound); }, a);
}
inline Pack at_least(Pack a, float bound) {
  return each([=](Vec x) { return at_least(x, bound); }, a);
}
inline Pack round(Pack a) {
  return each([](Vec x) { return round(x); }, a);
}
inline Pack reciprocal(Pack a) {
  return each([](Vec x) { return reciprocal(x); }, a);
}
inline Pack scale_by_small_power(Pack a, Pack n) {
  return each([](Vec x, Vec y) { return scale_by_small_power(x, y); }, a, n);
}

inline Pack load(const float* p, WholePack) {
  Pack r;
#pragma GCC unroll 4
  for (int i = 0; i < kPack; ++i) r.v[i] = load(p + i * Vec::kLanes, Whole{});
  return r;
}
inline void store(float* p, Pack a, WholePack) {
#pragma GCC unroll 4
  for (int i = 0; i < kPack; ++i) store(p + i * Vec::kLanes, a.v[i], Whole{});
}

/// Like for_vectors, but kPack vectors at a time as long as there are so many.
template <class Body>
inline void for_packs(int64_t n, Body&& body) {
  int64_t i = 0;
  for (; i + kPack * Vec::kLanes <= n; i += kPack * Vec::kLanes) body(i, WholePack{});
  for_vectors(n - i, [&](int64_t at, auto part) { body(i + at, part); });
}

}  // namespace
}  // namespace moescope
