// Small sums and copies that tie the layers together.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// sum (N) += sum over rows of x (R,N): the gradient of a bias.
void add_column_sums(const Tensor& x, const Tensor& sum);
/// The same per expert: rows [offset[e], offset[e+1]) of x (R,N) are added to sum[e] of (E,N).
void add_column_sums_grouped(const Tensor& x, const int32_t* offset, const Tensor& sum);
/// y += x, same size.
void add(const Tensor& x, const Tensor& y);
/// x (N*L,D) += table (L,D), for each of the N images: position embeddings.
void add_to_each(const Tensor& table, const Tensor& x, int64_t images);
/// table (L,D) += sum over images of dx (N*L,D).
void add_to_each_backward(const Tensor& dx, const Tensor& table, int64_t images);
/// mean (N,D) over the L rows of each image in x (N*L,D).
void mean_rows(const Tensor& x, int64_t images, const Tensor& mean);
/// dx (N*L,D) = dmean (N,D) / L, overwritten.
void mean_rows_backward(const Tensor& dmean, int64_t images, const Tensor& dx);
void fill(const Tensor& x, float value);
void copy(const Tensor& from, const Tensor& to);
/// x *= factor.
void scale(const Tensor& x, float factor);
/// Rounds to bfloat16 (nearest, ties to even), keeping float32. NUMERICS 1.6.
void round_to_bf16(const Tensor& x, const Tensor& y);

}  // namespace moescope
