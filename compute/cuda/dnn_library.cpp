// Eleven symbols of libcudnn.so.9, by dlopen. (The strict fake brings a find() of its own.)
#include "compute/cuda/dnn_library.h"

#include <dlfcn.h>

#include <optional>

namespace moescope::cuda {
namespace {

constexpr size_t kOldestVersion = 91300;

std::optional<DnnLibrary> load() {
  void* library = dlopen("libcudnn.so.9", RTLD_NOW | RTLD_LOCAL);
  if (!library) return std::nullopt;
  DnnLibrary found{};
  bool complete = true;
  const auto look_up = [&]<class Function>(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    complete = complete && function;
  };
  look_up("cudnnGetVersion", found.version);
  look_up("cudnnGetErrorString", found.error_string);
  look_up("cudnnCreate", found.create);
  look_up("cudnnDestroy", found.destroy);
  look_up("cudnnSetStream", found.set_stream);
  look_up("cudnnBackendCreateDescriptor", found.create_descriptor);
  look_up("cudnnBackendDestroyDescriptor", found.destroy_descriptor);
  look_up("cudnnBackendSetAttribute", found.set_attribute);
  look_up("cudnnBackendGetAttribute", found.get_attribute);
  look_up("cudnnBackendFinalize", found.finalize);
  look_up("cudnnBackendExecute", found.execute);
  if (complete && found.version() >= kOldestVersion) return found;
  dlclose(library);
  return std::nullopt;
}

}  // namespace

const DnnLibrary* DnnLibrary::find() {
  static const std::optional<DnnLibrary> found = load();
  return found ? &*found : nullptr;
}

}  // namespace moescope::cuda
