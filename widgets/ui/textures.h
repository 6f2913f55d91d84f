// Pictures as textures: what panels ask for; widgets/gl answers with OpenGL, tests with nothing.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <span>
#include <string>

#include "compute/records/command.h"
#include "compute/records/device_maps.h"

namespace moescope::ui {

/// Values to be coloured: width * height, row-major, `low` and `high` at the ends of the colour map. Where a GPU can
/// make the same values in a texture, that is what is coloured.
struct HeatValues {
  int64_t width = 0, height = 0;
  std::span<const float> values;
  float low = 0, high = 1;
  const DeviceMaps* device = nullptr;  // null: `values` is all there is
  MapTexels texels = {};               // of the device
};

class Textures {
 public:
  virtual ~Textures() = default;
  /// The image with nearest-neighbour sampling, uploaded once per key. Grey and colour.
  virtual ImTextureID image(uint64_t key, const ImagePixels& pixels) = 0;
  /// The values coloured by the colour map; drawn again when the version differs from the last one seen for the key.
  virtual ImTextureID heat_map(uint64_t key, uint64_t version, const HeatValues& heat) = 0;
  /// The colour map itself, from low (u = 0) to high (u = 1).
  virtual ImTextureID color_map() = 0;
  /// How values come to heat maps from the GPU that computes them, in words; empty: none does.
  virtual std::string heat_map_road() const { return ""; }
};

/// Joins numbers into a key.
uint64_t texture_key(std::initializer_list<uint64_t> parts);

}  // namespace moescope::ui
