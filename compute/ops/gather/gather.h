// Sparse dispatch and combine by index: kept (token, expert) pairs stand in rows sorted by expert, without empty
// places.
//
// A routing lists R pairs. Pair r reads token[r]; its expert's output counts with weight[r]. For each token the pairs
// it is in are listed too (token_begin, token_pairs), so that every sum over a token's experts runs in one thread, in
// order: deterministic, no atomics.
#pragma once

#include "compute/core/tensor.h"
#include "compute/ops/gather/pair_list.h"

namespace moescope {

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
