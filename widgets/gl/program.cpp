// A shader program built from two files.
#include "widgets/gl/program.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "compute/records/error.h"

namespace moescope::gl {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw UserError("cannot read the shader " + path + ": install moescope again or start it from its folder");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

GLuint compile(GLenum kind, const std::string& path) {
  const std::string source = read_text(path);
  const char* text = source.c_str();
  const GLuint shader = glCreateShader(kind);
  glShaderSource(shader, 1, &text, nullptr);
  glCompileShader(shader);
  GLint ok = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &ok);
  if (ok) return shader;
  char log[2048] = "";
  glGetShaderInfoLog(shader, sizeof log, nullptr, log);
  glDeleteShader(shader);
  throw std::runtime_error(path + " does not compile: " + log);
}

}  // namespace

Program::Program(const std::string& vertex_path, const std::string& fragment_path) {
  const GLuint vertex = compile(GL_VERTEX_SHADER, vertex_path);
  const GLuint fragment = compile(GL_FRAGMENT_SHADER, fragment_path);
  name_ = glCreateProgram();
  glAttachShader(name_, vertex);
  glAttachShader(name_, fragment);
  glLinkProgram(name_);
  glDeleteShader(vertex);
  glDeleteShader(fragment);
  GLint ok = 0;
  glGetProgramiv(name_, GL_LINK_STATUS, &ok);
  if (ok) return;
  char log[2048] = "";
  glGetProgramInfoLog(name_, sizeof log, nullptr, log);
  glDeleteProgram(name_);
  throw std::runtime_error(fragment_path + " does not link: " + log);
}

Program::~Program() { glDeleteProgram(name_); }

}  // namespace moescope::gl
