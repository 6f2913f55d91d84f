// The machine that runs CUDA kernels on the CPU: what tests and the fake runtime say to it. Kernels see language.h.
//
// A block's threads are fibers on the calling thread, blocks run one after the other, in an order of choice. Always
// found: a barrier that not all threads reach, a shuffle with or from a lane that is not there, lanes of a warp that
// meet in different warp functions, deadlock, launch limits, shared memory (refilled with NaN for each block) beyond
// 48 KiB. In programs whose kernels report their accesses (access.h) also: races in a block and between blocks, reads
// of what nobody wrote, host pointers, accesses out of bounds or misaligned. Not modelled: `__device__` variables,
// order inside a warp finer than `__syncwarp`, fences.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>

namespace moescope::cuda::on_host {

/// In which order the threads of a block run between barriers, and the blocks of a grid.
enum class ThreadOrder { forward, reverse, random };
void set_order(ThreadOrder order, unsigned seed = 1);

/// Launches are handed to `submit` (a fake runtime's queue) instead of being run at once; null: at once.
using Work = std::function<cudaError_t()>;
void set_submit(cudaError_t (*submit)(cudaStream_t stream, Work work));

/// Device memory: what a kernel may touch. New memory is uninitialised until a kernel writes it or this says otherwise.
void register_allocation(void* p, size_t bytes);
void unregister_allocation(void* p);
void mark_initialised(const void* p, size_t bytes);

/// What was wrong with the last grid that ended in cudaErrorLaunchFailure: "softmax.cu:31: race in shared memory: ...".
const char* last_report();
/// Grids run so far.
unsigned long long num_launches();

/// Whether accesses are reported (access.h) in this program.
bool reports_accesses();

}  // namespace moescope::cuda::on_host
