// Activations of an MLP: tanh GELU (vision), erf GELU (soft-moe-pytorch), ReLU (deep RL), and GEGLU.
#pragma once

#include "compute/core/tensor.h"
#include "compute/records/run_config.h"

namespace moescope {

/// y = act(x), element by element; y may be x. NUMERICS 1.4.
/// geglu: x (R,2H) is split into (a, gate) and y (R,H) = a * gelu_erf(gate); then y may not be x. NUMERICS 1.7.
void activation(Activation kind, const Tensor& x, const Tensor& y);

/// dx = dy * act'(x); dx may be dy (not for geglu). When y is not empty it receives act(x) again, in the same pass, so
/// that a forward pass need not keep it.
void activation_backward(Activation kind, const Tensor& x, const Tensor& dy, const Tensor& dx, const Tensor& y = {});

/// y = tanh(x) and dx = dy * (1 - y^2) from y: the representation layer before the head.
void tanh_forward(const Tensor& x, const Tensor& y);
void tanh_backward(const Tensor& y, const Tensor& dy, const Tensor& dx);

}  // namespace moescope
