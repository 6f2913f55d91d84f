// Sparse dispatch and combine by index: kept (token, expert) pairs stand in rows sorted by expert, without empty
// places.
//
// A routing lists R pairs. Pair r reads token[r]; its expert's output counts with weight[r]. For each token the pairs
// it is in are listed too (token_begin, token_pairs), so that every sum over a token's experts runs in one thread, in
// order: deterministic, no atomics.
#pragma once

#include <cstdint>

#include "compute/core/tensor.h"

namespace moescope {

struct PairList {
  int64_t num_tokens = 0;                // T
  int64_t num_pairs = 0;                 // R
  const int32_t* token = nullptr;        // (R) token of each pair
  const float* weight = nullptr;         // (R) gate of each pair
  const int32_t* token_begin = nullptr;  // (T+1) where each token's pairs begin in token_pairs
  const int32_t* token_pairs = nullptr;  // (R) pair numbers, grouped by token
};

/// rows[r,:] = x[token[r],:]. x (T,D), rows (R,D) overwritten.
void gather_rows(const PairList& pairs, const Tensor& x, const Tensor& rows);
/// dx[t,:] += sum over t's pairs of drows[r,:].
void gather_rows_backward(const PairList& pairs, const Tensor& drows, const Tensor& dx);

/// y[t,:] = sum over t's pairs of weight[r] * rows[r,:]; zeros for a token without pairs. y (T,D) overwritten.
void combine_rows(const PairList& pairs, const Tensor& rows, const Tensor& y);
/// drows[r,:] = weight[r] * dy[token[r],:] and dweight[r] = dot(dy[token[r],:], rows[r,:]); both overwritten. dweight
/// (R). drows may be rows.
void combine_rows_backward(const PairList& pairs, const Tensor& rows, const Tensor& dy, const Tensor& drows,
                           const Tensor& dweight);

}  // namespace moescope
