// The CPU as a backend: host memory, no stream, our thread pool.
#pragma once

#include "compute/backends/backend.h"

namespace moescope {

std::unique_ptr<Backend> make_cpu_backend(const ComputeConfig& config);

}  // namespace moescope
