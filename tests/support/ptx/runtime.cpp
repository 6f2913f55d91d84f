// What the host code that nvcc compiled calls: it registers its kernels by name when the program starts, and launches
// them through the runtime. The name leads to the PTX.
#include "support/ptx/runtime.h"

#include <cstring>
#include <unordered_map>

#include "support/ptx/machine.h"
#include "support/ptx/modules.h"

namespace moescope::cuda::ptx {
namespace {

/// Host function to registered name. Filled before main.
std::unordered_map<const void*, std::string>& registered() {
  static auto& one = *new std::unordered_map<const void*, std::string>;
  return one;
}

std::vector<char> parameters_of(const Kernel& kernel, void** arguments) {
  std::vector<char> parameters(kernel.parameter_bytes);
  for (size_t n = 0; n < kernel.parameters.size(); ++n)
    std::memcpy(&parameters[kernel.parameters[n].begin], arguments[n], kernel.parameters[n].bytes);
  return parameters;
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* function, void** arguments) {
  const auto name = registered().find(function);
  if (name == registered().end()) return cudaErrorInvalidDeviceFunction;
  if (config.numAttrs > 0) return fail("a launch with attributes, which are not interpreted");
  try {
    const Kernel& kernel = modules().find(name->second);
    const Shape shape{config.gridDim, config.blockDim, config.dynamicSmemBytes};
    return submit(config.stream, [&kernel, shape, parameters = parameters_of(kernel, arguments)] {
      return run_grid(kernel, shape, parameters);
    });
  } catch (const LoadError& error) { return fail(error.what()); }
}

}  // namespace

std::vector<std::string> registered_kernels() {
  std::vector<std::string> names;
  for (const auto& [function, name] : registered()) names.push_back(name);
  return names;
}

}  // namespace moescope::cuda::ptx

extern "C" {

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** arguments) {
  return moescope::cuda::ptx::launch(*config, function, arguments);
}

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host_function, char*, const char* device_name, int, uint3*, uint3*,
                            dim3*, dim3*, int*) {
  moescope::cuda::ptx::registered()[host_function] = device_name;
}

// Only <<<>>> would come here.
cudaError_t __cudaPopCallConfiguration(dim3*, dim3*, size_t*, void*) { return cudaErrorNotSupported; }
cudaError_t __cudaGetKernel(cudaKernel_t*, const void*) { return cudaErrorNotSupported; }
cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, size_t, cudaStream_t) { return cudaErrorNotSupported; }
}
