// CUDA C++ for a C++ compiler: included by force before a kernel's source, which is not changed.
//
// Types, enums and host prototypes are the toolkit's own, so that g++ checks the declarations that nvcc sees. Shared
// arrays go through the two macros of kernels/device.h. threadIdx and its relatives are the toolkit's `extern const`
// objects, which fiber.cpp defines and sets at each switch.
#pragma once

#include <cuda_runtime.h>
#include <device_launch_parameters.h>

#include <cmath>

#include "compute/cuda/on_host/device.h"

#define MOESCOPE_KERNELS_ON_HOST 1

#undef __global__
#undef __device__
#undef __host__
#undef __constant__
#undef __launch_bounds__
#undef __forceinline__
#define __global__
#define __device__
#define __host__
#define __constant__
#define __launch_bounds__(...)
#define __forceinline__ inline

#define MOESCOPE_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define MOESCOPE_WARP_CALL(call, value, argument, width)                                                    \
  moescope::cuda::on_host::warp_call(moescope::cuda::on_host::WarpCall::call, mask, value, argument, width, \
                                     {file, line})
#define MOESCOPE_SHUFFLE(call, argument) \
  moescope::cuda::on_host::from_bits<T>( \
      MOESCOPE_WARP_CALL(call, moescope::cuda::on_host::to_bits(value), static_cast<int>(argument), width))

inline void __syncthreads(MOESCOPE_PLACE) { moescope::cuda::on_host::barrier({file, line}); }
inline void __syncwarp(unsigned mask = ~0u, MOESCOPE_PLACE) { MOESCOPE_WARP_CALL(barrier, 0, 0, 32); }
inline unsigned __ballot_sync(unsigned mask, int predicate, MOESCOPE_PLACE) {
  return static_cast<unsigned>(MOESCOPE_WARP_CALL(ballot, predicate != 0, 0, 32));
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, MOESCOPE_PLACE) {
  return MOESCOPE_SHUFFLE(shuffle_index, lane);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, MOESCOPE_PLACE) {
  return MOESCOPE_SHUFFLE(shuffle_up, delta);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, MOESCOPE_PLACE) {
  return MOESCOPE_SHUFFLE(shuffle_down, delta);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, MOESCOPE_PLACE) {
  return MOESCOPE_SHUFFLE(shuffle_xor, lanes);
}
template <class T>
T atomicAdd(T* p, std::type_identity_t<T> value) {
  return moescope::cuda::on_host::atomic_add(p, value);
}

inline int __ffs(int value) { return __builtin_ffs(value); }
inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline unsigned __float_as_uint(float value) { return static_cast<unsigned>(moescope::cuda::on_host::to_bits(value)); }
inline float __uint_as_float(unsigned value) { return moescope::cuda::on_host::from_bits<float>(value); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }
inline float cospif(float half_turns) { return std::cos(3.14159265f * half_turns); }
inline float sinpif(float half_turns) { return std::sin(3.14159265f * half_turns); }
