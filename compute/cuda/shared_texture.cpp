// Register once, then for each picture: compute, map, copy, unmap.
#include "compute/cuda/shared_texture.h"

#include <cuda_gl_interop.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compute/cuda/kernels/map_texels.h"

namespace moescope::cuda {
namespace {

using device_api::Fault;

constexpr int kDevice = 0;  // of every session
constexpr int64_t kFloat = sizeof(float);

/// Only the OpenGL thread comes here. Goes with the last texture.
std::shared_ptr<const Stream> drawing_stream() {
  static std::weak_ptr<const Stream> last;
  std::shared_ptr<const Stream> stream = last.lock();
  if (!stream) last = stream = std::make_shared<const Stream>();
  return stream;
}

/// A texture in CUDA's hands; OpenGL has it back at the latest when this goes.
class Mapped {
 public:
  Mapped(cudaGraphicsResource_t resource, const Stream& stream) : resource_(resource), stream_(stream) {
    check(cudaGraphicsMapResources(1, &resource_, stream_), "cudaGraphicsMapResources");
  }
  ~Mapped() {
    if (resource_) cudaGraphicsUnmapResources(1, &resource_, stream_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  cudaArray_t array() const {
    cudaArray_t array = nullptr;
    check(cudaGraphicsSubResourceGetMappedArray(&array, resource_, 0, 0), "cudaGraphicsSubResourceGetMappedArray");
    return array;
  }
  void unmap() {
    cudaGraphicsResource_t mine = std::exchange(resource_, nullptr);
    check(cudaGraphicsUnmapResources(1, &mine, stream_), "cudaGraphicsUnmapResources");
  }

 private:
  cudaGraphicsResource_t resource_;
  const Stream& stream_;
};

/// What cudaGLGetDevices answers when the context belongs to no CUDA device: software, or another maker's GPU.
bool is_elsewhere(cudaError_t status) {
  for (const cudaError_t one :
       {cudaErrorNoDevice, cudaErrorInvalidGraphicsContext, cudaErrorOperatingSystem, cudaErrorUnknown})
    if (status == one) return true;
  return false;
}

}  // namespace

void check_gl_device() {
  check(cudaSetDevice(kDevice), "cudaSetDevice");  // the host thread's own choice, and its first call here
  std::array<int, 16> devices{};
  unsigned count = 0;
  const cudaError_t status =
      cudaGLGetDevices(&count, devices.data(), static_cast<unsigned>(devices.size()), cudaGLDeviceListAll);
  if (!is_elsewhere(status)) check(status, "cudaGLGetDevices");
  cudaGetLastError();  // what only says that the context is elsewhere must not be found by the next call
  const auto end = devices.begin() + std::min<size_t>(count, devices.size());
  if (status != cudaSuccess || std::find(devices.begin(), end, kDevice) == end)
    throw DeviceError(Fault::refused, "OpenGL runs on another device");
}

SharedTexture::SharedTexture(uint32_t texture, int64_t width, int64_t height)
    : stream_(drawing_stream()), width_(width), height_(height), texels_(memory_, {height, width}) {
  check(cudaGraphicsGLRegisterImage(&resource_, texture, GL_TEXTURE_2D, cudaGraphicsRegisterFlagsWriteDiscard),
        "cudaGraphicsGLRegisterImage");
}

SharedTexture::~SharedTexture() {
  if (resource_) cudaGraphicsUnregisterResource(resource_);
}

void SharedTexture::compute(KeptMaps& maps, const MapTexels& t) {
  const float* weights = maps.weights(t.layer, t.weights);
  const bool columns_exist =
      t.value != MapValue::weight || (t.first_column >= 0 && t.first_column + t.pictures <= maps.columns());
  const bool tokens_exist = t.first_token >= 0 && t.first_token + t.grid_width * t.grid_height <= maps.tokens();
  if (!weights || !columns_exist || !tokens_exist || t.width() != width_ || t.height() != height_)
    throw DeviceError(Fault::failed, "texels that are not those of the weights or the texture");
  maps.begin_reading(*stream_);
  check(launch_map_texels({.weights = weights,
                           .texels = texels_.f32(),
                           .first_token = t.first_token,
                           .columns = maps.columns(),
                           .width = width_,
                           .height = height_,
                           .grid_width = t.grid_width,
                           .grid_height = t.grid_height,
                           .first_column = t.first_column,
                           .pictures = t.pictures,
                           .across = t.across,
                           .value = t.value == MapValue::weight ? TexelValue::weight
                                    : t.value == MapValue::mean ? TexelValue::mean
                                                                : TexelValue::entropy,
                           .factor = t.factor,
                           .fill = t.fill},
                          *stream_),
        "kernel launch");
  maps.end_reading(*stream_);
}

void SharedTexture::write(KeptMaps& maps, const MapTexels& texels) {
  compute(maps, texels);
  Mapped mapped(resource_, *stream_);
  check(cudaMemcpy2DToArrayAsync(mapped.array(), 0, 0, texels_.f32(), static_cast<size_t>(width_ * kFloat),
                                 static_cast<size_t>(width_ * kFloat), static_cast<size_t>(height_),
                                 cudaMemcpyDeviceToDevice, *stream_),
        "cudaMemcpy2DToArrayAsync");
  mapped.unmap();
}

}  // namespace moescope::cuda
