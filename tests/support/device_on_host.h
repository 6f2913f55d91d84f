// compute.device=cuda for a scope, on the strict fake or (MOESCOPE_TEST_GPU set, by ./test gpu) on a GPU; and what a
// test turns in the fake.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "compute/backends/cuda/plugin.h"

namespace moescope {

/// Lets the program find its plug-ins: those of the build, or others of the same names (MOESCOPE_TEST_PLUGINS set).
inline void point_to_plugins() {
  const char* others = std::getenv("MOESCOPE_TEST_PLUGINS");
  setenv("MOESCOPE_PLUGINS", others ? others : MOESCOPE_PLUGIN_FOLDER, 1);
}

/// Why tests that want a GPU are skipped; empty: they are not, or none is wanted.
inline std::string missing_gpu() {
  point_to_plugins();
  return std::getenv("MOESCOPE_TEST_GPU") ? missing_for_cuda() : "";
}

class DeviceOnHost {
 public:
  DeviceOnHost() {
    point_to_plugins();
    const bool on_gpu = std::getenv("MOESCOPE_TEST_GPU") != nullptr;
    choose_cuda_backend(on_gpu ? CudaBackend::gpu : CudaBackend::on_host);
    plugin_ = device_plugin(DeviceKind::cuda);
    if (on_gpu) return;
    control_ = reinterpret_cast<int64_t (*)(const char*, int64_t)>(plugin_->symbol("cuda_fake_control"));
    control("reset", 0);
  }
  ~DeviceOnHost() {
    if (control_) control("reset", 0);
    choose_cuda_backend(CudaBackend::gpu);
    unsetenv("MOESCOPE_PLUGINS");
  }
  DeviceOnHost(const DeviceOnHost&) = delete;
  DeviceOnHost& operator=(const DeviceOnHost&) = delete;

  const std::shared_ptr<const DevicePlugin>& plugin() const { return plugin_; }
  /// See tests/support/cuda_fake/world.h; value -1 only reads.
  int64_t control(const char* what, int64_t value = -1) const { return control_(what, value); }

 private:
  std::shared_ptr<const DevicePlugin> plugin_;
  int64_t (*control_)(const char*, int64_t) = nullptr;
};

}  // namespace moescope
