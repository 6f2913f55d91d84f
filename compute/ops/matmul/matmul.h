// Matrix products: y = a b (+ bias) (+ y), plain or one per expert.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

struct MatmulOptions {
  bool transpose_a = false;  // a is stored (K,M)
  bool transpose_b = false;  // b is stored (N,K)
  bool accumulate = false;   // y += instead of y =
};

/// y (M,N) from a (M,K) and b (K,N), all f32; bias (N) is added when not empty (not together with accumulate).
/// Throws ShapeError naming all operands. Work: 2*M*N*K FLOPs.
void matmul(const Tensor& a, const Tensor& b, const Tensor& y, MatmulOptions options = {}, const Tensor& bias = {});

/// One product per expert over a ragged first operand: rows [offset[e], offset[e+1]) of a (R,K) meet b[e] of (E,K,N)
/// and give the same rows of y (R,N); bias (E,N) or empty. Experts without rows are not touched and cost nothing.
/// offset points to E+1 ascending row numbers. transpose_b: b is (E,N,K). transpose_a is not allowed here.
void grouped_matmul(const Tensor& a, const int32_t* offset, const Tensor& b, const Tensor& y,
                    MatmulOptions options = {}, const Tensor& bias = {});

/// The weights' gradient of grouped_matmul: dw[e] (K,N) += a_eᵀ dy_e, with a (R,K), dy (R,N), dw (E,K,N).
void grouped_matmul_weights(const Tensor& a, const int32_t* offset, const Tensor& dy, const Tensor& dw);

/// FLOPs of the calls of the three functions above that this thread made: what speed read-outs divide by.
/// mixing.h and attention.h count theirs here too.
int64_t flops_done();
void count_flops(int64_t flops);

}  // namespace moescope
