// The initial draws of PyTorch's layers, for runs beside a PyTorch program and for whoever asks what they change.
#pragma once

#include "compute/nn/parameters.h"

namespace moescope {

/// Replaces how the parameters of a model start, before they are allocated (model.init=torch). Fan-in is the number of
/// inputs of one output:
///   kernels (in,out), routers (D,E)  uniform within 1/sqrt(fan-in), as torch.nn.Linear and Conv2d draw them
///   their biases (out)               uniform within 1/sqrt(fan-in) of the kernel registered before them
///   experts' kernels (E,in,out)      normal with deviation 1/sqrt(fan-in), their biases (E,out) 0, as PyTorch programs
///                                    usually write batched experts
///   slots (D,E,P)                    normal with deviation 1/sqrt(D)
/// Norms, positions, tokens and scales keep theirs, and so does a kernel that starts constant (model.zero_head).
/// Source: pytorch/pytorch:torch/nn/modules/linear.py, reset_parameters.
void use_torch_init(ParameterSet& parameters);

}  // namespace moescope
