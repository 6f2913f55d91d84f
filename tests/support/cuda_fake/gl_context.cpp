// OpenGL by name.
#include "support/cuda_fake/gl_context.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace cuda_fake {
namespace {

void* symbol(const char* name) {
  if (void* found = dlsym(RTLD_DEFAULT, name)) return found;
  for (const char* library : {"libGLX.so.0", "libOpenGL.so.0", "libGL.so.1"}) {
    void* loaded = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);  // by somebody else, or not at all
    if (!loaded) continue;
    void* found = dlsym(loaded, name);
    dlclose(loaded);
    if (found) return found;
  }
  return nullptr;
}

template <class Function>
Function* function(const char* name) {
  void* found = symbol(name);
  if (!found) throw std::logic_error(std::string("a context without ") + name);
  return reinterpret_cast<Function*>(found);
}

/// A texture bound for a while.
class Bound {
 public:
  explicit Bound(GLuint name) {
    function<decltype(glGetIntegerv)>("glGetIntegerv")(GL_TEXTURE_BINDING_2D, &before_);
    bind_(GL_TEXTURE_2D, name);
  }
  ~Bound() { bind_(GL_TEXTURE_2D, static_cast<GLuint>(before_)); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  decltype(glBindTexture)* bind_ = function<decltype(glBindTexture)>("glBindTexture");
  GLint before_ = 0;
};

}  // namespace

void* current_gl_context() {
  void* found = symbol("glXGetCurrentContext");
  return found ? reinterpret_cast<void* (*)()>(found)() : nullptr;
}

bool is_texture(GLuint name) { return function<decltype(glIsTexture)>("glIsTexture")(name) == GL_TRUE; }

TextureSize size_of_float_texture(GLuint name) {
  const Bound bound(name);
  auto* get = function<decltype(glGetTexLevelParameteriv)>("glGetTexLevelParameteriv");
  GLint format = 0;
  TextureSize size;
  get(GL_TEXTURE_2D, 0, GL_TEXTURE_INTERNAL_FORMAT, &format);
  get(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &size.width);
  get(GL_TEXTURE_2D, 0, GL_TEXTURE_HEIGHT, &size.height);
  return format == GL_R32F ? size : TextureSize{};
}

void set_texels(GLuint name, TextureSize size, const std::vector<float>& texels) {
  const Bound bound(name);
  auto* store = function<decltype(glPixelStorei)>("glPixelStorei");
  store(GL_UNPACK_ALIGNMENT, 1), store(GL_UNPACK_ROW_LENGTH, 0);
  function<decltype(glTexSubImage2D)>("glTexSubImage2D")(GL_TEXTURE_2D, 0, 0, 0, size.width, size.height, GL_RED,
                                                         GL_FLOAT, texels.data());
}

DrawingWatch::DrawingWatch() {
  function<void(GLsizei, GLuint*)>("glGenQueries")(1, &query_);
  function<void(GLenum, GLuint)>("glBeginQuery")(GL_PRIMITIVES_GENERATED, query_);
}

unsigned DrawingWatch::end() {
  GLuint drawn = 0;
  function<void(GLenum)>("glEndQuery")(GL_PRIMITIVES_GENERATED);
  function<void(GLuint, GLenum, GLuint*)>("glGetQueryObjectuiv")(query_, GL_QUERY_RESULT, &drawn);
  function<void(GLsizei, const GLuint*)>("glDeleteQueries")(1, &query_);
  return drawn;
}

}  // namespace cuda_fake
