// The routing weights of a look where a GPU still has them: heat maps are drawn from there, without a way through the
// host, when OpenGL runs on the same device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace moescope {

/// Of one layer, (tokens, columns): dispatch and combine have a column a slot (soft), gates one an expert (sparse).
enum class MapWeights : int32_t { dispatch, combine, gates };
/// What a texel says of its token: one column's weight, the mean over all columns, or their entropy in nats.
enum class MapValue : int32_t { weight, mean, entropy };

/// The texels of a heat map: a picture of the patches of one image, or several side by side, row by row. Each is the
/// number that the host makes of the same weights, to the last bit; of the entropy, whose logarithm is the device's
/// own, to the last but one.
struct MapTexels {
  int64_t layer = 0;  // block index
  MapWeights weights = MapWeights::dispatch;
  MapValue value = MapValue::weight;
  int64_t first_token = 0;  // of the image, that patch 0 is; patches are row-major in the grid
  int64_t grid_width = 0, grid_height = 0;
  int64_t first_column = 0;          // picture i shows column first_column + i
  int64_t pictures = 1, across = 1;  // how many, and how many stand in a row
  float factor = 1;                  // of each weight
  float fill = 0;                    // of texels after the last picture

  int64_t width() const { return across * grid_width; }
  int64_t height() const { return (pictures + across - 1) / across * grid_height; }
};

/// A texture that a GPU writes. Goes before the texture does.
class DeviceTexture {
 public:
  virtual ~DeviceTexture() = default;
};

/// One image's weights in every layer. Valid for as long as it is held, whatever the run does. Held by any thread; all
/// else, and the life of a DeviceTexture, on the thread whose OpenGL context is current.
class DeviceMaps {
 public:
  virtual ~DeviceMaps() = default;
  /// Why the GPU cannot write textures of the current context; empty: it can. Says the same for all maps of a process.
  virtual std::string hindrance() const = 0;
  /// `texture`: the name of a 2-D texture of one float a texel (R32F), whose size stays. Throws UserError.
  virtual std::unique_ptr<DeviceTexture> share(uint32_t texture, int64_t width, int64_t height) const = 0;
  /// Overwrites all texels; OpenGL commands that follow see them. No thread waits. Throws UserError.
  virtual void write(const MapTexels& texels, DeviceTexture& texture) const = 0;
};

/// "straight from the GPU", or "by way of the host: OpenGL runs on another device (llvmpipe)". renderer: GL_RENDERER.
inline std::string heat_map_road(const std::string& hindrance, const std::string& renderer) {
  if (hindrance.empty()) return "straight from the GPU";
  return "by way of the host: " + hindrance + " (" + renderer.substr(0, renderer.find(" (")) + ")";
}

}  // namespace moescope
