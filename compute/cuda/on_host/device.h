// What kernels compiled for the CPU call: the machine's side of barriers, shuffles, shared memory and launches. See
// machine.h; language.h gives these their CUDA names.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "compute/cuda/on_host/machine.h"

namespace moescope::cuda::on_host {

struct Place {
  const char* file;
  int line;
};

void barrier(Place place);

enum class WarpCall : int { shuffle_index, shuffle_up, shuffle_down, shuffle_xor, ballot, barrier };
/// The value that this lane receives; for ballot the lanes' bits. Values travel as 64 bits.
uint64_t warp_call(WarpCall call, unsigned mask, uint64_t value, int argument, int width, Place place);

/// The block's array that was declared at `site`.
void* shared_array(const void* site, size_t bytes, const char* name);
void* dynamic_shared_array();

// In the machine, not here: accesses of this file's functions would be reported as the kernel's own.
float atomic_add(float* p, float value);
int atomic_add(int* p, int value);
unsigned atomic_add(unsigned* p, unsigned value);

struct Grid {
  dim3 blocks, threads;
  size_t shared_bytes;
  cudaStream_t stream;
  Place place;  // of the launch, for reports
};
/// call(arguments) once per thread. The kernel may read [arguments, + bytes): its parameters.
cudaError_t run_grid(const Grid& grid, void (*call)(const void*), const void* arguments, size_t bytes);
cudaError_t submit_or_run(cudaStream_t stream, Work work);

template <class... Parameters>
cudaError_t launch(const Grid& grid, void (*kernel)(Parameters...), std::type_identity_t<Parameters>... arguments) {
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> arguments;
  };
  const Call call{kernel, {arguments...}};
  return submit_or_run(grid.stream, [grid, call] {
    return run_grid(
        grid,
        [](const void* p) {
          const Call& c = *static_cast<const Call*>(p);
          std::apply(c.kernel, c.arguments);
        },
        &call, sizeof call);
  });
}

template <class T>
uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T from_bits(uint64_t bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace moescope::cuda::on_host
