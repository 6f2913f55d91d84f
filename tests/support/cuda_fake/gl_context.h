// What the fake needs of OpenGL, looked up in the process when it is needed: a plug-in links none, and most programs
// that load one have none.
#pragma once

#include <GL/gl.h>
#include <GL/glext.h>

#include <vector>

namespace cuda_fake {

/// The context that is current in this thread; null: none, or a program without OpenGL.
void* current_gl_context();

// All of them in the current context. Width and height of a texture of one float a texel; 0: it is none.
struct TextureSize {
  int width = 0, height = 0;
};
bool is_texture(GLuint name);
TextureSize size_of_float_texture(GLuint name);
void set_texels(GLuint name, TextureSize size, const std::vector<float>& texels);

/// Counts what is drawn in the context from its making to its end.
class DrawingWatch {
 public:
  DrawingWatch();
  unsigned end();

 private:
  GLuint query_ = 0;
};

}  // namespace cuda_fake
