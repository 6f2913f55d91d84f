// The machine that runs PTX: what on_host/machine.h promises tests and the fake runtime, with kernels as nvcc made them
// instead of as g++ did. A program links one of the two.
#pragma once

#include "support/ptx/block.h"

namespace moescope::cuda::ptx {

struct Shape {
  dim3 blocks, threads;
  size_t dynamic_bytes = 0;
};

/// Runs the kernel now. What it does wrong is an error like a device's; on_host::last_report() has the words.
cudaError_t run_grid(const Kernel& kernel, const Shape& shape, std::vector<char> parameters);
/// Now, or handed to who takes launches (on_host::set_submit).
cudaError_t submit(cudaStream_t stream, on_host::Work work);
/// cudaErrorLaunchFailure, with these words.
cudaError_t fail(const std::string& report);

}  // namespace moescope::cuda::ptx
