// Opens a hidden OpenGL 3.3 window and asks it who draws.
#include "app/tools/display_probe.h"

#define GLFW_INCLUDE_NONE
#include <GL/gl.h>
#include <GLFW/glfw3.h>

namespace moescope {

namespace {

std::string glfw_reason() {
  const char* words = nullptr;
  glfwGetError(&words);
  return words ? words : "unknown reason";
}

std::string gl_text(GLenum name) {
  const auto* text = reinterpret_cast<const char*>(glGetString(name));
  return text ? text : "unknown";
}

DisplayProbe probe_window(const std::function<void()>& in_context) {
  glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  GLFWwindow* window = glfwCreateWindow(64, 64, "probe", nullptr, nullptr);
  if (!window) return {false, "no OpenGL 3.3 here (" + glfw_reason() + ")", ""};
  glfwMakeContextCurrent(window);
  const std::string renderer = gl_text(GL_RENDERER);
  const DisplayProbe found{true, "OpenGL " + gl_text(GL_VERSION) + ", " + renderer, renderer};
  if (in_context) in_context();
  glfwDestroyWindow(window);
  return found;
}

}  // namespace

DisplayProbe probe_display(const std::function<void()>& in_context) {
  if (!glfwInit()) return {false, "no display (" + glfw_reason() + ")", ""};
  const DisplayProbe found = probe_window(in_context);
  glfwTerminate();
  return found;
}

}  // namespace moescope
