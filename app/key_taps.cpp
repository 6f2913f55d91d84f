// Presses since the last frame, written over ImGui's table of keys for one frame.
#include "app/key_taps.h"

#include <imgui.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace moescope {
namespace {

/// GLFW's "unknown" is -1.
bool has_place(int key) { return key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown); }

}  // namespace

void KeyTaps::hold() const {
  ImGuiIO& io = ImGui::GetIO();
  for (const Tap& tap : taps_) {
    if (has_place(tap.key)) io.KeysDown[tap.key] = true;
    if ((tap.mods & GLFW_MOD_CONTROL) != 0) io.KeyCtrl = true;
    if ((tap.mods & GLFW_MOD_SHIFT) != 0) io.KeyShift = true;
  }
}

bool KeyTaps::let_go(GLFWwindow* window) {
  ImGuiIO& io = ImGui::GetIO();
  const auto held = [&](int key) { return glfwGetKey(window, key) == GLFW_PRESS; };
  bool came_up = false;
  for (const Tap& tap : taps_) {
    if (!has_place(tap.key) || held(tap.key)) continue;
    io.KeysDown[tap.key] = false;
    came_up = true;
  }
  if (!taps_.empty()) {
    io.KeyCtrl = held(GLFW_KEY_LEFT_CONTROL) || held(GLFW_KEY_RIGHT_CONTROL);
    io.KeyShift = held(GLFW_KEY_LEFT_SHIFT) || held(GLFW_KEY_RIGHT_SHIFT);
  }
  taps_.clear();
  return came_up;
}

}  // namespace moescope
