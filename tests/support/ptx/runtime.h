// What nvcc's object files told the runtime when the program started.
#pragma once

#include <string>
#include <vector>

namespace moescope::cuda::ptx {

/// The names of the program's kernels.
std::vector<std::string> registered_kernels();

}  // namespace moescope::cuda::ptx
