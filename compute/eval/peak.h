// How fast this machine multiplies large matrices: what "share of the peak" divides by.
#pragma once

namespace moescope {

/// GFLOP/s of the engine's own matmul on 1024 x 1024 x 1024 with the present threads and kernels, the best of a few
/// runs. Measured at the first call (about a tenth of a second), remembered for the life of the process.
double measured_peak_gflops();

}  // namespace moescope
