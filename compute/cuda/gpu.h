// The CUDA runtime behind owners that cannot be forgotten: streams, events, memory, graphs. Every status is looked at.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

#include "compute/backends/cuda/device_api.h"
#include "compute/core/arena.h"
#include "compute/core/error.h"

namespace moescope::cuda {

/// What the C functions turn into a Fault and a message.
struct DeviceError : BackendError {
  DeviceError(device_api::Fault kind, const std::string& what) : BackendError(what), fault(kind) {}
  device_api::Fault fault;
};

/// Throws DeviceError with the call's name and what the runtime says; cudaSuccess is silent.
void check(cudaError_t status, const char* call);

class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(const Stream& stream) { check(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  void hold(const Stream& stream) const { check(cudaStreamWaitEvent(stream, event_, 0), "cudaStreamWaitEvent"); }
  void synchronize() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Device memory for Buffer and Arena.
class DeviceMemory : public Memory {
 public:
  void* allocate(int64_t bytes) override;  // throws DeviceError out_of_memory, saying how much there is
  void release(void* p) noexcept override;
  Device device() const override { return Device::cuda; }
};

/// Page-locked host memory, which the device copies from and to by itself. Grows, never shrinks.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  /// At least so many bytes; what was in it is lost when it grows.
  std::byte* reserve(int64_t bytes);
  std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  int64_t bytes_ = 0;
};

/// A captured stretch of work.
class Graph {
 public:
  Graph() = default;
  ~Graph() { clear(); }
  Graph(Graph&& other) noexcept { std::swap(executable_, other.executable_); }
  Graph& operator=(Graph&& other) noexcept {
    std::swap(executable_, other.executable_);
    return *this;
  }
  void clear();
  bool empty() const { return executable_ == nullptr; }
  void launch(const Stream& stream) const { check(cudaGraphLaunch(executable_, stream), "cudaGraphLaunch"); }

  /// Captures what `work` queues on `stream`.
  template <class Work>
  void capture(const Stream& stream, Work&& work) {
    begin(stream);
    try {
      work();
    } catch (...) {
      abandon(stream);
      throw;
    }
    end(stream);
  }

 private:
  void begin(const Stream& stream);
  void end(const Stream& stream);
  static void abandon(const Stream& stream) noexcept;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace moescope::cuda
