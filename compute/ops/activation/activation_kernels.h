// The inner loops of the activations, one table per instruction set. No standard library here: files compiled for one
// instruction set must not emit inline functions that others could link to.
#pragma once

#include <cstdint>

namespace moescope {

using ActivationForward = void(const float* x, float* y, int64_t n);
/// dx = dy * act'(x); y = act(x) unless y is null.
using ActivationBackward = void(const float* x, const float* dy, float* dx, float* y, int64_t n);

struct ActivationKernels {
  ActivationForward *gelu_tanh, *gelu_erf, *relu, *tanh;
  ActivationBackward *gelu_tanh_backward, *gelu_erf_backward, *relu_backward;
  void (*tanh_backward)(const float* y, const float* dy, float* dx, int64_t n);
  /// One row: y = a * gelu_erf(gate); and da = dy * gelu_erf(gate), dgate = dy * a * gelu_erf'(gate).
  void (*geglu)(const float* a, const float* gate, float* y, int64_t n);
  void (*geglu_backward)(const float* a, const float* gate, const float* dy, float* da, float* dgate, float* y,
                         int64_t n);
};

extern const ActivationKernels kActivationReference, kActivationAvx2, kActivationAvx512;

}  // namespace moescope
