// Values coloured on the graphics side: as floats in a texture, uploaded or written by a GPU, drawn once by
// shaders/heatmap.frag into a small picture.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "widgets/gl/device_values.h"
#include "widgets/gl/program.h"
#include "widgets/gl/texture.h"
#include "widgets/ui/textures.h"

namespace moescope::gl {

/// 256 colours, three bytes each. File: one "r g b" a line, 0..255; lines that begin with # are remarks. Screen and
/// export read the same file. Throws UserError naming file and line.
std::array<uint8_t, 256 * 3> read_color_map(const std::string& path);

/// The files that the painter is made of: shaders/heatmap.vert, shaders/heatmap.frag, assets/colormaps/magma.txt.
struct HeatMapFiles {
  std::string vertex_shader, fragment_shader, color_map;
};

class HeatMapPainter {
 public:
  explicit HeatMapPainter(const HeatMapFiles& files);
  ~HeatMapPainter();
  HeatMapPainter(const HeatMapPainter&) = delete;
  HeatMapPainter& operator=(const HeatMapPainter&) = delete;

  /// Colours `heat` into `picture`, one texel a value. NaN becomes transparent. Leaves framebuffer 0 bound.
  void paint(const ui::HeatValues& heat, Texture& picture);
  const Texture& colors() const { return colors_; }
  DeviceValues& from_device() { return from_device_; }
  const DeviceValues& from_device() const { return from_device_; }

 private:
  Program program_;
  Texture colors_, values_;
  DeviceValues from_device_;
  GLuint framebuffer_ = 0, vertex_array_ = 0;
};

}  // namespace moescope::gl
