// The plug-in's one exported symbol. No exception crosses it.
#include <algorithm>
#include <cstring>
#include <new>

#include "compute/cuda/session.h"
#include "compute/cuda/shared_texture.h"
#include "compute/cuda/single_ops.h"

namespace moescope::device_api {

struct Session {
  cuda::Session program;
};
struct KeptMaps {
  std::unique_ptr<cuda::KeptMaps> maps;
};
struct SharedTexture {
  cuda::SharedTexture texture;
};

namespace {

thread_local std::string last_message;

template <class Body>
Fault guarded(Body&& body) {
  try {
    body();
    return Fault::none;
  } catch (const cuda::DeviceError& error) {
    last_message = error.what();
    return error.fault;
  } catch (const std::bad_alloc&) { last_message = "the host is out of memory"; } catch (const std::exception& error) {
    last_message = error.what();
  }
  return Fault::failed;
}

Fault facts(DeviceFacts* out) {
  return guarded([&] {
    *out = {};
    cuda::check(cudaDriverGetVersion(&out->driver), "cudaDriverGetVersion");
    cuda::check(cudaRuntimeGetVersion(&out->runtime), "cudaRuntimeGetVersion");
    cuda::check(cudaGetDeviceCount(&out->devices), "cudaGetDeviceCount");
    cudaDeviceProp properties{};
    cuda::check(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
    static_assert(sizeof out->name <= sizeof properties.name);
    std::memcpy(out->name, properties.name, sizeof out->name - 1);
    out->major = properties.major, out->minor = properties.minor;
    size_t free_bytes = 0, total = 0;
    cuda::check(cudaMemGetInfo(&free_bytes, &total), "cudaMemGetInfo");
    out->memory_bytes = static_cast<int64_t>(total), out->free_bytes = static_cast<int64_t>(free_bytes);
#ifdef MOESCOPE_CUDA_ON_HOST
    out->on_host = 1;
#endif
  });
}

const char* message() { return last_message.c_str(); }

Fault open(const ModelShape* shape, const ParameterPlace* parameters, int64_t count, int64_t floats, Session** out) {
  return guarded([&] {
    cuda::check(cudaSetDevice(0), "cudaSetDevice");
    *out = new Session{{*shape, std::span(parameters, static_cast<size_t>(count)), floats}};
  });
}

void close(Session* session) { delete session; }

Fault write(Session* s, Flat what, int64_t begin, int64_t count, const float* from) {
  return guarded([&] { s->program.write(what, begin, count, from); });
}
Fault read(Session* s, Flat what, int64_t begin, int64_t count, float* to) {
  return guarded([&] { s->program.read(what, begin, count, to); });
}
Fault stage(Session* s, int32_t slot, const StepPlan* plan, const StepInput* input) {
  return guarded([&] { s->program.stage(slot, *plan, *input); });
}
Fault launch(Session* s, int32_t slot) {
  return guarded([&] { s->program.launch(slot); });
}
Fault wait(Session* s, int32_t slot, StepResult* out) {
  return guarded([&] { *out = s->program.wait(slot); });
}
Fault routing(Session* s, int32_t slot, int64_t part, int64_t layer, RoutingView* out) {
  return guarded([&] { *out = s->program.routing(slot, part, layer); });
}
Fault layers(Session* s, int32_t slot, int64_t part, LayersView* out) {
  return guarded([&] { *out = s->program.layers(slot, part); });
}
Fault attention_maps(Session* s, int32_t slot, int64_t part, AttentionView* out) {
  return guarded([&] { *out = s->program.attention_maps(slot, part); });
}
const char* attention(Session* s) {
  thread_local std::string words;
  return (words = s->program.attention()).c_str();
}
int32_t cudnn() { return cuda::cudnn_version(); }
Fault choose(const ChoiceAsk* ask) {
  return guarded([&] { cuda::choose(*ask); });
}
Fault auxiliary(const AuxiliaryAsk* ask) {
  return guarded([&] { cuda::auxiliary(*ask); });
}

Fault take_maps(Session* s, int32_t slot, KeptMaps** out) {
  return guarded([&] {
    std::unique_ptr<cuda::KeptMaps> maps = s->program.take_maps(slot);
    *out = maps ? new KeptMaps{std::move(maps)} : nullptr;
  });
}
void drop_maps(KeptMaps* maps) { delete maps; }
Fault gl_device() {
  return guarded([] { cuda::check_gl_device(); });
}
Fault share_texture(uint32_t texture, int64_t width, int64_t height, SharedTexture** out) {
  return guarded([&] { *out = new SharedTexture{{texture, width, height}}; });
}
void unshare_texture(SharedTexture* texture) { delete texture; }
Fault write_texture(KeptMaps* maps, const MapTexels* texels, SharedTexture* texture) {
  return guarded([&] { texture->texture.write(*maps->maps, *texels); });
}

const Functions* table() {
  static const Functions functions = [] {
    Functions f{};
    f.version = kVersion, f.bytes = sizeof(Functions);
    std::copy_n(kStructSizes, kNumStructs, f.structs);
    f.facts = facts, f.message = message;
    f.open = open, f.close = close, f.write = write, f.read = read;
    f.stage = stage, f.launch = launch, f.wait = wait, f.routing = routing, f.layers = layers;
    f.attention_maps = attention_maps, f.attention = attention, f.cudnn = cudnn;
    f.choose = choose, f.auxiliary = auxiliary;
    f.take_maps = take_maps, f.drop_maps = drop_maps, f.gl_device = gl_device;
    f.share_texture = share_texture, f.unshare_texture = unshare_texture, f.write_texture = write_texture;
    return f;
  }();
  return &functions;
}

}  // namespace
}  // namespace moescope::device_api

extern "C" __attribute__((visibility("default"))) const moescope::device_api::Functions* moescope_device_functions(
    int32_t version) {
  return version == moescope::device_api::kVersion ? moescope::device_api::table() : nullptr;
}
