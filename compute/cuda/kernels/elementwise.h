// Small helpers that tie the layers together, on a GPU: add, scale, fill, transpose, bfloat16. Twin of
// compute/ops/reduce.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// y = scale_x * x + scale_y * y; x and y of `size`. With scale_y 0 y is not read, so it may hold anything.
struct AddArguments {
  const float* x;
  float* y;
  int64_t size;
  float scale_x, scale_y;
};
cudaError_t launch_add(const AddArguments& a, cudaStream_t stream);

/// x[i] = value.
struct FillArguments {
  float* x;
  int64_t size;
  float value;
};
cudaError_t launch_fill(const FillArguments& a, cudaStream_t stream);
struct FillIntArguments {
  int32_t* x;
  int64_t size;
  int32_t value;
};
cudaError_t launch_fill_int(const FillIntArguments& a, cudaStream_t stream);

/// x (rows,columns) += row of table (table_rows,columns): row r takes table[r / repeat % table_rows].
///   position embeddings: repeat 1, table_rows L;  a bias: table_rows 1;  biases of equal experts: repeat rows/E.
struct AddRowsArguments {
  const float* table;
  float* x;
  int64_t rows, columns, table_rows, repeat;
};
cudaError_t launch_add_rows(const AddRowsArguments& a, cudaStream_t stream);

/// dx (images*rows, columns) = factor * dmean (images, columns), overwritten: the gradient of a mean (factor 1/rows).
struct SpreadRowsArguments {
  const float* dmean;
  float* dx;
  int64_t images, rows, columns;
  float factor;
};
cudaError_t launch_spread_rows(const SpreadRowsArguments& a, cudaStream_t stream);

/// y (batch,columns,rows) from x (batch,rows,columns).
struct TransposeArguments {
  const float* x;
  float* y;
  int64_t batch, rows, columns;
};
cudaError_t launch_transpose(const TransposeArguments& a, cudaStream_t stream);

/// y = x rounded to bfloat16 (nearest, ties to even; a NaN stays one): as 16 bits for matrix products, or kept as
/// float32 (y may be x). Either output may be null.
struct ToBf16Arguments {
  const float* x;
  uint16_t* y_bf16;
  float* y;
  int64_t size;
};
cudaError_t launch_to_bf16(const ToBf16Arguments& a, cudaStream_t stream);

/// y = x, exactly.
struct FromBf16Arguments {
  const uint16_t* x;
  float* y;
  int64_t size;
};
cudaError_t launch_from_bf16(const FromBf16Arguments& a, cudaStream_t stream);

/// *result (double) = sum of x[i] * y[i], or += when accumulate_f32 is not null: then *accumulate_f32 += the sum and
/// result may be null. In a fixed order. With y = x the sum of squares; NaN and infinities come through.
/// workspace: dot_workspace_doubles().
struct DotArguments {
  const float *x, *y;
  int64_t size;
  double* result;
  float* accumulate_f32;
  double* workspace;
};
int64_t dot_workspace_doubles(int64_t size);
cudaError_t launch_dot(const DotArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
