// Which status means what, and the life of each object.
#include "compute/cuda/gpu.h"

namespace moescope::cuda {
namespace {

device_api::Fault fault_of(cudaError_t status) {
  using enum device_api::Fault;
  switch (status) {
    case cudaErrorMemoryAllocation: return out_of_memory;
    case cudaErrorInsufficientDriver: return driver_too_old;
    case cudaErrorNoDevice: return no_device;
    // After these nothing works in this process's context any more.
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidPc:
    case cudaErrorECCUncorrectable:
    case cudaErrorDevicesUnavailable:
    case cudaErrorUnknown: return device_lost;
    default: return failed;
  }
}

}  // namespace

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  const std::string text =
      std::string(call) + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")";
  cudaGetLastError();  // errors that do not last must not be found by the next call
  throw DeviceError(fault_of(status), text);
}

Stream::Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags"); }
Stream::~Stream() { cudaStreamDestroy(stream_); }

Event::Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreateWithFlags"); }
Event::~Event() { cudaEventDestroy(event_); }

void* DeviceMemory::allocate(int64_t bytes) {
  void* p = nullptr;
  const cudaError_t status = cudaMalloc(&p, static_cast<size_t>(bytes > 0 ? bytes : 1));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free_bytes = 0, total = 0;
    check(cudaMemGetInfo(&free_bytes, &total), "cudaMemGetInfo");
    throw DeviceError(device_api::Fault::out_of_memory, std::to_string(bytes >> 20) + " MiB more were asked for, " +
                                                            std::to_string(free_bytes >> 20) + " of the device's " +
                                                            std::to_string(total >> 20) + " MiB are free");
  }
  check(status, "cudaMalloc");
  return p;
}

void DeviceMemory::release(void* p) noexcept { cudaFree(p); }

PinnedMemory::~PinnedMemory() {
  if (data_) cudaFreeHost(data_);
}

std::byte* PinnedMemory::reserve(int64_t bytes) {
  if (bytes <= bytes_) return data_;
  if (data_) check(cudaFreeHost(data_), "cudaFreeHost");
  data_ = nullptr, bytes_ = 0;
  void* p = nullptr;
  check(cudaMallocHost(&p, static_cast<size_t>(bytes)), "cudaMallocHost");
  data_ = static_cast<std::byte*>(p), bytes_ = bytes;
  return data_;
}

void Graph::clear() {
  if (executable_) cudaGraphExecDestroy(executable_);
  executable_ = nullptr;
}

void Graph::begin(const Stream& stream) {
  clear();
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}

void Graph::end(const Stream& stream) {
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "cudaGraphInstantiate");
}

void Graph::abandon(const Stream& stream) noexcept {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(stream, &graph) == cudaSuccess) cudaGraphDestroy(graph);
  cudaGetLastError();
}

}  // namespace moescope::cuda
