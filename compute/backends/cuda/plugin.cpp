// dlopen in three steps, each with its own sentence: driver, plug-in, version.
#include "compute/backends/cuda/plugin.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

namespace moescope {
namespace {

namespace fs = std::filesystem;
using device_api::Fault;

constexpr int kNoDevice = 100;  // CUDA_ERROR_NO_DEVICE

std::atomic<CudaBackend> chosen_backend{CudaBackend::gpu};

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string ask_driver() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return "no NVIDIA driver is installed here (libcuda.so.1 is missing)";
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(library, "cuDeviceGetCount"));
  if (!init || !count) {
    dlclose(library);
    return "libcuda.so.1 is not an NVIDIA driver";
  }
  const int status = init(0);
  int devices = 0;
  if (status == kNoDevice || (status == 0 && (count(&devices) != 0 || devices == 0)))
    return "the NVIDIA driver sees no GPU";
  return status == 0 ? "" : "the NVIDIA driver does not start (error " + std::to_string(status) + ")";
}

/// What the driver lacks; empty when it sees a GPU. Asked once; its library stays loaded, the plug-in needs it too.
const std::string& missing_in_driver() {
  static const std::string missing = ask_driver();
  return missing;
}

/// MOESCOPE_PLUGINS, or the program's folder, or lib/moescope beside it. Empty when it is nowhere.
std::string plugin_path(CudaBackend backend) {
  const char* file = backend == CudaBackend::gpu ? "libmoescope_cuda.so" : "libmoescope_cuda_host.so";
  if (const char* folder = std::getenv("MOESCOPE_PLUGINS")) return (fs::path(folder) / file).string();
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {here, here / ".." / "lib" / "moescope"})
    if (fs::exists(folder / file, error)) return (folder / file).string();
  return "";
}

std::shared_ptr<const DevicePlugin> load_for(CudaBackend backend, const std::string& path) {
  if (path.empty())
    throw ConfigError(backend == CudaBackend::gpu
                          ? "this installation has no libmoescope_cuda.so beside the program; build it where the CUDA "
                            "toolkit is"
                          : "libmoescope_cuda_host.so is not beside the program; build it where the CUDA toolkit's "
                            "headers are");
  if (backend == CudaBackend::gpu)
    if (!missing_in_driver().empty()) throw ConfigError(missing_in_driver());
  std::shared_ptr<const DevicePlugin> plugin = DevicePlugin::load(path);
  plugin->facts();
  return plugin;
}

/// What came of looking for a plug-in: it, or why there is none.
struct Probe {
  std::shared_ptr<const DevicePlugin> plugin;
  std::string missing;
};

Probe probe(CudaBackend backend, const std::string& path) {
  try {
    return {load_for(backend, path), ""};
  } catch (const ConfigError& error) { return {nullptr, error.what()}; }
}

/// Each place is looked at once a process, whatever came of it.
const Probe& probed(CudaBackend backend) {
  static std::mutex mutex;
  static std::map<std::pair<CudaBackend, std::string>, Probe> probes;
  const std::string path = plugin_path(backend);
  const std::lock_guard lock(mutex);
  const auto known = probes.find({backend, path});
  return known != probes.end() ? known->second : probes[{backend, path}] = probe(backend, path);
}

/// Which struct the plug-in lays out otherwise, in words; empty: none.
std::string other_layout(const device_api::Functions& functions) {
  for (int i = 0; i < device_api::kNumStructs; ++i) {
    const device_api::StructSize &here = device_api::kStructSizes[i], &there = functions.structs[i];
    if (here.bytes != there.bytes)
      return std::string(here.name) + " has " + std::to_string(there.bytes) + " bytes there and " +
             std::to_string(here.bytes) + " here";
  }
  return "";
}

}  // namespace

std::shared_ptr<const DevicePlugin> DevicePlugin::load(const std::string& path) {
  // RTLD_NODELETE: threads of the CUDA libraries may be in its code to the end of the process.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) throw ConfigError("the GPU plug-in does not load: " + std::string(dlerror()));
  const auto entry = reinterpret_cast<device_api::Entry*>(dlsym(library, device_api::kEntryName));
  const device_api::Functions* functions = entry ? entry(device_api::kVersion) : nullptr;
  if (!functions || functions->version != device_api::kVersion ||
      functions->bytes != static_cast<int32_t>(sizeof(device_api::Functions))) {
    dlclose(library);
    throw ConfigError(path + " is of another version than this program; install both from one build");
  }
  if (const std::string other = other_layout(*functions); !other.empty()) {
    dlclose(library);
    throw ConfigError(path + " is of another build than this program (" + other + "); install both from one build");
  }
  return std::shared_ptr<const DevicePlugin>(new DevicePlugin(library, functions));
}

DevicePlugin::~DevicePlugin() { dlclose(library_); }

void* DevicePlugin::symbol(const char* name) const { return dlsym(library_, name); }

device_api::DeviceFacts DevicePlugin::facts() const {
  device_api::DeviceFacts facts{};
  const Fault fault = functions_->facts(&facts);
  if (fault == Fault::driver_too_old && facts.driver == 0) throw ConfigError("no NVIDIA driver answers");
  if (fault == Fault::driver_too_old)
    throw ConfigError("the NVIDIA driver supports CUDA " + version_text(facts.driver) + " and the plug-in needs " +
                      version_text(facts.runtime) + "; update the driver");
  if (fault == Fault::no_device) throw ConfigError("the NVIDIA driver sees no GPU");
  if (fault != Fault::none) throw ConfigError(std::string("the GPU does not answer: ") + functions_->message());
  return facts;
}

std::string DevicePlugin::description() const {
  const device_api::DeviceFacts f = facts();
  if (f.on_host) return "CUDA program on the host, libraries faked";
  return std::string("CUDA ") + f.name + ", compute " + std::to_string(f.major) + "." + std::to_string(f.minor) +
         ", driver " + version_text(f.driver);
}

std::string DevicePlugin::gl_hindrance() const {
  return functions_->gl_device() == Fault::none ? "" : functions_->message();
}

void DevicePlugin::check(Fault fault, const std::string& doing, int64_t images_at_once) const {
  if (fault == Fault::none) return;
  const std::string why = functions_->message();
  switch (fault) {
    case Fault::out_of_memory:
      throw DeviceFault(fault, "the GPU has too little memory for " + doing + " (" + why + "); " +
                                   (images_at_once > 1 ? "set train.micro_batch=" + std::to_string(images_at_once / 2) +
                                                             ", or compute.device=cpu"
                                                       : "use a smaller model, or compute.device=cpu"));
    case Fault::device_lost:
      throw DeviceFault(fault, "the GPU was lost during " + doing + " (" + why +
                                   "); go on from the last checkpoint, or with compute.device=cpu");
    case Fault::refused:
      throw DeviceFault(fault, "the GPU program does not run this model: " + why + "; use compute.device=cpu");
    default: break;
  }
  throw DeviceFault(fault, doing + " failed on the GPU: " + why + "; use compute.device=cpu and report this");
}

void choose_cuda_backend(CudaBackend backend) { chosen_backend = backend; }
CudaBackend cuda_backend() { return chosen_backend; }

std::shared_ptr<const DevicePlugin> device_plugin(DeviceKind device) {
  if (device == DeviceKind::cpu) return nullptr;
  const CudaBackend backend = cuda_backend();
  if (device == DeviceKind::automatic && (backend != CudaBackend::gpu || plugin_path(backend).empty())) return nullptr;
  const Probe& found = probed(backend);
  if (!found.plugin && device == DeviceKind::cuda)
    throw ConfigError("compute.device=cuda: " + found.missing + "; or use compute.device=cpu");
  return found.plugin;
}

std::string missing_for_cuda() { return probed(CudaBackend::gpu).missing; }

}  // namespace moescope
