// What a program asks about the device, and errors.
#include <cstring>

#include "support/cuda_fake/world.h"

using namespace cuda_fake;

extern "C" {

cudaError_t cudaDriverGetVersion(int* version) {
  *version = static_cast<int>(world().driver);
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const std::lock_guard lock(world().mutex);
  if (world().driver < CUDART_VERSION / 1000 * 1000)  // as measured: the argument is not written
    return refuse(cudaErrorInsufficientDriver, "the driver is older than the runtime");
  *count = static_cast<int>(world().devices);
  return world().devices == 0 ? refuse(cudaErrorNoDevice, "no device") : cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return device >= 0 && device < world().devices ? healthy()
                                                 : refuse(cudaErrorInvalidDevice, "cudaSetDevice: no such device");
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::memset(properties, 0, sizeof *properties);
  std::strcpy(properties->name, "strict fake on this host");
  properties->major = 8;
  properties->minor = 0;
  properties->multiProcessorCount = 1;
  properties->totalGlobalMem = static_cast<size_t>(world().memory_limit);
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const cudaError_t e = world().last;
  world().last = world().sticky;
  return e;
}

cudaError_t cudaPeekAtLastError() { return world().last; }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    default: return "cudaError";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  return error != cudaSuccess && !world().message.empty() ? world().message.c_str() : cudaGetErrorName(error);
}
}
