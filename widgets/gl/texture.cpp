// A texture that owns its GL name.
#include "widgets/gl/texture.h"

namespace moescope::gl {

Texture::~Texture() {
  if (name_ != 0) glDeleteTextures(1, &name_);
}

void Texture::bind_new(bool linear) {
  if (name_ == 0) glGenTextures(1, &name_);
  glBindTexture(GL_TEXTURE_2D, name_);
  const GLint filter = linear ? GL_LINEAR : GL_NEAREST;
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
}

Texture Texture::from_bytes(int width, int height, int channels, const uint8_t* bytes, bool linear) {
  Texture texture;
  texture.bind_new(linear);
  texture.width_ = width, texture.height_ = height;
  const GLenum format = channels == 1 ? GL_RED : channels == 3 ? GL_RGB : GL_RGBA;
  const GLint internal = channels == 1 ? GL_R8 : channels == 3 ? GL_RGB8 : GL_RGBA8;
  glTexImage2D(GL_TEXTURE_2D, 0, internal, width, height, 0, format, GL_UNSIGNED_BYTE, bytes);
  if (channels == 1) {
    const GLint grey[4] = {GL_RED, GL_RED, GL_RED, GL_ONE};
    glTexParameteriv(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_RGBA, grey);
  }
  return texture;
}

void Texture::upload_floats(int width, int height, const float* values) {
  bind_new(false);
  if (width == width_ && height == height_) {
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, GL_RED, GL_FLOAT, values);
    return;
  }
  width_ = width, height_ = height;
  glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, width, height, 0, GL_RED, GL_FLOAT, values);
}

void Texture::reserve_floats(int width, int height) {
  bind_new(false);
  width_ = width, height_ = height;
  glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, width, height, 0, GL_RED, GL_FLOAT, nullptr);
}

void Texture::reserve_rgba(int width, int height) {
  if (width == width_ && height == height_) return;
  bind_new(false);
  width_ = width, height_ = height;
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
}

}  // namespace moescope::gl
