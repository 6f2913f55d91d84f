// l2 normalisation, NUMERICS 1.2: three public implementations that differ in where epsilon stands.
#pragma once

#include "compute/core/tensor.h"
#include "compute/records/run_config.h"

namespace moescope {

/// inside: v / sqrt(|v|^2 + 1e-6); outside: v / (|v| + 1e-6); clamp: v / max(|v|, 1e-12).
/// x, y (R,D), each row on its own; y may be x. y is multiplied by `gain` (a number) and, when not empty, by gains (D).
void l2_normalize_rows(NormEps eps, const Tensor& x, const Tensor& y, float gain = 1, const Tensor& gains = {});
/// dx += ; dgains (D) += when not empty. At a zero vector the gradient is finite: 0 for outside and clamp.
void l2_normalize_rows_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain = 1,
                                const Tensor& gains = {}, const Tensor& dgains = {});

/// The same over axis 0: x, y (D,Q), each column on its own (Soft MoE's slot parameters, one norm per slot).
void l2_normalize_columns(NormEps eps, const Tensor& x, const Tensor& y, float gain = 1);
void l2_normalize_columns_backward(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain = 1);

}  // namespace moescope
