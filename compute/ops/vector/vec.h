// The vector that kernels are written in: 16 floats in files compiled for AVX-512, 8 in files compiled for AVX2.
//
// Included only by kernel headers (<op>_vector.h), which only <op>_avx2.cpp and <op>_avx512.cpp include. Everything
// here and there has internal linkage and nothing uses the standard library's inline functions: otherwise the linker
// could hand a copy compiled for AVX-512 to code that must run on every machine.
//
// Loops end in a part of a vector. A kernel is written once, with a `part` that says how many lanes count:
//   for_vectors(n, [&](int64_t i, auto part) { store(y + i, load(x + i, part) * factor, part); });
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include "compute/ops/vector/vec16.h"
#else
#include "compute/ops/vector/vec8.h"
#endif

namespace moescope {
namespace {

/// Calls body(i, Whole{}) for each whole vector of n numbers and body(i, Tail) for the rest.
template <class Body>
inline void for_vectors(int64_t n, Body&& body) {
  int64_t i = 0;
  for (; i + Vec::kLanes <= n; i += Vec::kLanes) body(i, Whole{});
  if (i < n) body(i, Tail(n - i));
}

/// The sum over i of term(i, part), lane by lane; a term is a Vec or a struct of several with its own +. Four sums run
/// side by side to hide the latency of the addition; their order depends on n alone. Lanes outside a tail must be 0.
template <class Term>
inline auto sum_vectors(int64_t n, Term&& term) {
  constexpr int64_t L = Vec::kLanes;
  using Sum = decltype(term(int64_t{0}, Whole{}));
  Sum a{}, b{}, c{}, d{};
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    a = a + term(i, Whole{});
    b = b + term(i + L, Whole{});
    c = c + term(i + 2 * L, Whole{});
    d = d + term(i + 3 * L, Whole{});
  }
  for (; i + L <= n; i += L) a = a + term(i, Whole{});
  if (i < n) b = b + term(i, Tail(n - i));
  return (a + b) + (c + d);
}

struct TwoVecs {
  Vec first, second;
};
inline TwoVecs operator+(TwoVecs a, TwoVecs b) { return {a.first + b.first, a.second + b.second}; }

inline float max_of(const float* x, int64_t n) {
  const Vec lowest = all(-__builtin_inff());
  Vec a = lowest, b = lowest;
  int64_t i = 0;
  for (; i + 2 * Vec::kLanes <= n; i += 2 * Vec::kLanes) {
    a = larger(a, load(x + i, Whole{}));
    b = larger(b, load(x + i + Vec::kLanes, Whole{}));
  }
  for_vectors(n - i, [&](int64_t at, auto part) { a = larger(a, load_or(x + i + at, lowest, part)); });
  return largest(larger(a, b));
}

}  // namespace
}  // namespace moescope
