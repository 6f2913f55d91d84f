// OpenGL textures that the device writes heat maps into. All of it on the thread whose OpenGL context is current.
//
// Nobody waits: the kernel is queued behind the look that made the weights, and unmapping puts what OpenGL is given
// next behind the kernel. A texture is mapped for one copy only, so that OpenGL never meets it mapped.
#pragma once

#include <memory>

#include "compute/cuda/kept_maps.h"

struct cudaGraphicsResource;

namespace moescope::cuda {

/// Throws DeviceError refused, saying why, unless the current OpenGL context runs on the device of the sessions.
void check_gl_device();

class SharedTexture {
 public:
  /// texture: the name of a 2-D texture in the format R32F. Throws DeviceError.
  SharedTexture(uint32_t texture, int64_t width, int64_t height);
  ~SharedTexture();
  SharedTexture(const SharedTexture&) = delete;
  SharedTexture& operator=(const SharedTexture&) = delete;

  /// Overwrites every texel. Throws DeviceError failed for texels that are not those of the weights or the texture.
  void write(KeptMaps& maps, const MapTexels& texels);

 private:
  void compute(KeptMaps& maps, const MapTexels& texels);

  std::shared_ptr<const Stream> stream_;  // one for all textures: a buffer's last reader is then its last in order
  int64_t width_, height_;
  DeviceMemory memory_;
  Buffer texels_;  // (height, width)
  cudaGraphicsResource* resource_ = nullptr;
};

}  // namespace moescope::cuda
