// Tensors of test numbers that own their memory: drawn by seed, or written out.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "compute/core/arena.h"
#include "compute/core/rng.h"

namespace moescope {

inline Buffer random_tensor(Shape shape, uint64_t seed, float std = 1) {
  Buffer b(shape);
  Rng(seed, RngPurpose::test).fill_normal(b.f32(), b.size(), std);
  return b;
}

inline Buffer tensor_of(Shape shape, std::initializer_list<float> numbers) {
  Buffer b(shape);
  std::copy(numbers.begin(), numbers.end(), b.f32());
  return b;
}

inline Buffer copy_of(const Tensor& t) {
  Buffer b(t.shape());
  std::copy(t.f32(), t.f32() + t.size(), b.f32());
  return b;
}

}  // namespace moescope
