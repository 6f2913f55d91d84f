// A shader program built from two files of shaders/.
#pragma once

#include <string>

#include "widgets/gl/gl.h"

namespace moescope::gl {

class Program {
 public:
  /// Reads, compiles and links. Throws UserError naming the file when it is missing (a broken installation), and
  /// std::runtime_error with the compiler's words when it does not compile (a defect).
  Program(const std::string& vertex_path, const std::string& fragment_path);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void use() const { glUseProgram(name_); }
  GLint uniform(const char* name) const { return glGetUniformLocation(name_, name); }

 private:
  GLuint name_ = 0;
};

}  // namespace moescope::gl
