// A Routing made from gates alone, for tests of assignment.
#pragma once

#include <vector>

#include "compute/core/arena.h"
#include "compute/moe/routing.h"

namespace moescope {

/// gates (T,E) in groups of `tokens`; the tensors stay with `gates`.
inline Routing routing_of(RouterKind kind, const Tensor& gates, int64_t tokens, int64_t k, int64_t capacity) {
  Routing r;
  r.kind = kind;
  r.total_tokens = gates.dim(0);
  r.tokens = tokens;
  r.groups = (r.total_tokens + tokens - 1) / tokens;
  r.experts = gates.dim(1);
  r.k = k;
  r.capacity = r.last_capacity = capacity;
  r.gates = gates;
  return r;
}

template <class T>
std::vector<T> listed(const T* values, int64_t n) {
  return std::vector<T>(values, values + n);
}

}  // namespace moescope
