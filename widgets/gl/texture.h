// A texture that owns its GL name.
#pragma once

#include <cstdint>
#include <utility>

#include "widgets/gl/gl.h"

namespace moescope::gl {

class Texture {
 public:
  Texture() = default;
  Texture(const Texture&) = delete;
  Texture& operator=(const Texture&) = delete;
  Texture(Texture&& other) noexcept { swap(other); }
  Texture& operator=(Texture&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Texture();

  /// 8-bit pixels with 1, 3 or 4 channels (1 shows as grey); nearest neighbour, or linear for colour maps.
  static Texture from_bytes(int width, int height, int channels, const uint8_t* bytes, bool linear = false);
  /// Replaces the content with one float a texel.
  void upload_floats(int width, int height, const float* values);
  /// Room for one float a texel, that somebody else will write.
  void reserve_floats(int width, int height);
  /// Room for a picture that a shader will draw.
  void reserve_rgba(int width, int height);

  GLuint name() const { return name_; }
  int width() const { return width_; }
  int height() const { return height_; }

 private:
  void swap(Texture& other) {
    std::swap(name_, other.name_), std::swap(width_, other.width_), std::swap(height_, other.height_);
  }
  void bind_new(bool linear);

  GLuint name_ = 0;
  int width_ = 0, height_ = 0;
};

}  // namespace moescope::gl
