// Finds, loads and questions the GPU plug-in, and says in one sentence what is missing when there is none.
//
// Nothing of CUDA is linked into the program. The driver is asked first (libcuda.so.1 by name), and only when it sees a
// GPU is the plug-in loaded, which takes 150 MB with cuBLAS. A program that never asks starts as if CUDA did not exist.
#pragma once

#include <memory>
#include <string>

#include "compute/backends/cuda/device_api.h"
#include "compute/core/error.h"
#include "compute/records/run_config.h"

namespace moescope {

/// The device refused or failed. One sentence; the state on the host is as it was before the call.
struct DeviceFault : UserError {
  DeviceFault(device_api::Fault kind, const std::string& what) : UserError(what), fault(kind) {}
  device_api::Fault fault;
};

class DevicePlugin {
 public:
  /// Throws ConfigError: the file, a library it needs, or its version is not right.
  static std::shared_ptr<const DevicePlugin> load(const std::string& path);
  ~DevicePlugin();
  DevicePlugin(const DevicePlugin&) = delete;
  DevicePlugin& operator=(const DevicePlugin&) = delete;

  const device_api::Functions& functions() const { return *functions_; }
  /// Throws ConfigError: no GPU, or a driver that is too old.
  device_api::DeviceFacts facts() const;
  /// "CUDA NVIDIA H100 PCIe, compute 9.0, driver 13.0".
  std::string description() const;
  /// Why the GPU cannot write textures of the OpenGL context that is current here; empty: it can.
  std::string gl_hindrance() const;
  /// Throws DeviceFault unless `fault` is none. `doing`: "a training step". images_at_once > 0: out of memory suggests
  /// half as many.
  void check(device_api::Fault fault, const std::string& doing, int64_t images_at_once = 0) const;
  /// A symbol of the plug-in, for tests; null when it has none of the name.
  void* symbol(const char* name) const;

 private:
  DevicePlugin(void* library, const device_api::Functions* functions) : library_(library), functions_(functions) {}
  void* library_;
  const device_api::Functions* functions_;
};

/// What compute.device=cuda means in this process: a GPU, or (conform, train, eval --backend cuda-host; from a build
/// tree with the toolkit's headers) the same program on a strict fake of the CUDA libraries, its kernels on the host.
enum class CudaBackend { gpu, on_host };
void choose_cuda_backend(CudaBackend backend);
CudaBackend cuda_backend();

/// The plug-in for compute.device: null for cpu, and for auto where no GPU can be used. Loaded once a process. Throws
/// ConfigError for cuda, saying what is missing.
std::shared_ptr<const DevicePlugin> device_plugin(DeviceKind device);

/// What is missing for compute.device=cuda, as an end of a sentence; empty: nothing.
std::string missing_for_cuda();

}  // namespace moescope
