// GLFW, OpenGL and ImGui's back ends. This file and key_taps.cpp are the only ones of the room that include GLFW.
#include "window/display.h"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>

#include <algorithm>
#include <cmath>

#include "widgets/gl/gl.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace moescope {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  const char* words = nullptr;
  glfwGetError(&words);
  throw WindowError(what + (words ? std::string(" (") + words + ")" : std::string()) +
                    "; use `moescope train` to train without a window");
}

bool names_software(const std::string& renderer) {
  for (const char* name : {"llvmpipe", "softpipe", "SWR"})
    if (renderer.find(name) != std::string::npos) return true;
  return false;
}

void hint_context(bool visible) {
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_VISIBLE, visible ? GLFW_TRUE : GLFW_FALSE);
  glfwWindowHint(GLFW_DEPTH_BITS, 0);
  glfwWindowHint(GLFW_STENCIL_BITS, 0);
}

}  // namespace

/// The back end has switched the scissor test on; it sets its own before what comes next.
void clear_rect(const ImDrawList*, const ImDrawCmd* command) {
  const auto& fill = *static_cast<const ui::OpaqueFill*>(command->UserCallbackData);
  const ImGuiIO& io = ImGui::GetIO();
  const float sx = io.DisplayFramebufferScale.x, sy = io.DisplayFramebufferScale.y;
  const ImVec4 color = ImGui::ColorConvertU32ToFloat4(fill.color);
  const float bottom = io.DisplaySize.y - fill.y - fill.h;  // OpenGL counts rows from below
  glScissor(static_cast<int>(fill.x * sx), static_cast<int>(bottom * sy), static_cast<int>(fill.w * sx),
            static_cast<int>(fill.h * sy));
  glClearColor(color.x, color.y, color.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
}

Display::Display(const WindowOptions& options, DisplayEvents events) : events_(std::move(events)) {
  try {
    open(options);
  } catch (...) {
    close();
    throw;
  }
}

Display::~Display() { close(); }

void Display::open(const WindowOptions& options) {
  if (!glfwInit()) refuse("no display can be opened");
  hint_context(options.visible);
  scale_ = options.scale;
  int width = options.width, height = options.height;
  if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) {
    float y = 1;
    int left = 0, top = 0, room_w = 0, room_h = 0;
    if (scale_ <= 0) glfwGetMonitorContentScale(monitor, &scale_, &y);
    glfwGetMonitorWorkarea(monitor, &left, &top, &room_w, &room_h);
    width = static_cast<int>(std::lround(static_cast<float>(width) * std::max(1.f, scale_)));
    height = static_cast<int>(std::lround(static_cast<float>(height) * std::max(1.f, scale_)));
    if (room_w > 0 && room_h > 0) width = std::min(width, room_w), height = std::min(height, room_h);
  }
  if (scale_ <= 0) scale_ = 1;
  window_ = glfwCreateWindow(width, height, options.title.c_str(), nullptr, nullptr);
  if (!window_) refuse("this display has no OpenGL 3.3");
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  const auto* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  software_ = names_software(renderer ? renderer : "");
  glfwSetWindowSizeLimits(window_, 720, 480, GLFW_DONT_CARE, GLFW_DONT_CARE);

  set_callbacks(options.scale <= 0);  // before ImGui's own, which call them
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  ImGui_ImplGlfw_InitForOpenGL(window_, true);
  ImGui_ImplOpenGL3_Init("#version 330 core");
}

void Display::close() {
  if (ImGui::GetCurrentContext()) {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
  }
  if (window_) glfwDestroyWindow(window_);
  window_ = nullptr;
  glfwTerminate();
}

Display& Display::of(GLFWwindow* window) { return *static_cast<Display*>(glfwGetWindowUserPointer(window)); }

void Display::set_callbacks(bool follow_scale) {
  glfwSetWindowUserPointer(window_, this);
  glfwSetKeyCallback(window_, [](GLFWwindow* w, int key, int, int action, int mods) {
    if (action == GLFW_PRESS) {
      of(w).events_.pressed({key, (mods & GLFW_MOD_CONTROL) != 0});
      of(w).taps_.pressed(key, mods);
    }
    of(w).events_.input();
  });
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned) { of(w).events_.input(); });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int, int, int) { of(w).events_.input(); });
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double) { of(w).events_.input(); });
  glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { of(w).events_.input(); });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int) { of(w).events_.input(); });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int) { of(w).events_.input(); });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { of(w).events_.input(); });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { of(w).events_.damaged(); });
  glfwSetDropCallback(window_, [](GLFWwindow* w, int count, const char** paths) {
    of(w).events_.dropped({paths, paths + count});
    of(w).events_.input();
  });
  if (!follow_scale) return;
  glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* w, float x, float) {
    if (x <= 0) return;
    of(w).scale_ = x;
    of(w).events_.rescaled(x);
    of(w).events_.input();
  });
}

void Display::wait(double at_most_secs) {
  if (at_most_secs > 0)
    glfwWaitEventsTimeout(at_most_secs);
  else
    glfwPollEvents();
}

void Display::wake() { glfwPostEmptyEvent(); }
double Display::now_secs() { return glfwGetTime(); }
bool Display::minimised() const { return glfwGetWindowAttrib(window_, GLFW_ICONIFIED) != 0; }
bool Display::close_wanted() const { return glfwWindowShouldClose(window_) != 0; }
void Display::want_close(bool wanted) { glfwSetWindowShouldClose(window_, wanted ? GLFW_TRUE : GLFW_FALSE); }

void Display::upload_fonts() {
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Display::begin_frame() {
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  taps_.hold();
  ImGui::NewFrame();
}

bool Display::end_frame() {
  ImGui::Render();
  return taps_.let_go(window_);
}

void Display::submit(ImU32 background) {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  glViewport(0, 0, width, height);
  const ImVec4 color = ImGui::ColorConvertU32ToFloat4(background);
  glClearColor(color.x, color.y, color.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

ImagePixels Display::read_back() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  std::vector<uint8_t> upside_down(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadBuffer(GL_BACK);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, upside_down.data());
  ImagePixels pixels{height, width, 3, std::vector<uint8_t>(upside_down.size())};
  const size_t row = static_cast<size_t>(width) * 3;
  for (size_t y = 0; y < static_cast<size_t>(height); ++y)
    std::copy_n(upside_down.data() + (static_cast<size_t>(height) - 1 - y) * row, row, pixels.values.data() + y * row);
  return pixels;
}

void Display::show() { glfwSwapBuffers(window_); }

}  // namespace moescope
