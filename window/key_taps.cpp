// Presses since the last frame, written over ImGui's table of keys for one frame.
#include "window/key_taps.h"

#include <imgui.h>

#include <algorithm>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace moescope {
namespace {

/// GLFW's "unknown" is -1.
bool has_place(int key) { return key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown); }

}  // namespace

void KeyTaps::hold() {
  ImGuiIO& io = ImGui::GetIO();
  const auto is_shown = [&](int key) {
    return std::any_of(shown_.begin(), shown_.end(), [&](const Tap& tap) { return tap.key == key; });
  };
  auto next = waiting_.begin();
  for (; next != waiting_.end(); ++next) {
    if (is_shown(next->key)) break;
    if (has_place(next->key) && io.KeysDownDuration[next->key] >= 0) {  // down in the last frame: up in this one
      io.KeysDown[next->key] = false;
      break;
    }
    if (has_place(next->key)) io.KeysDown[next->key] = true;
    if ((next->mods & GLFW_MOD_CONTROL) != 0) io.KeyCtrl = true;
    if ((next->mods & GLFW_MOD_SHIFT) != 0) io.KeyShift = true;
    shown_.push_back(*next);
  }
  waiting_.erase(waiting_.begin(), next);
}

bool KeyTaps::let_go(GLFWwindow* window) {
  ImGuiIO& io = ImGui::GetIO();
  const auto held = [&](int key) { return glfwGetKey(window, key) == GLFW_PRESS; };
  bool came_up = false;
  for (const Tap& tap : shown_) {
    if (!has_place(tap.key) || held(tap.key)) continue;
    io.KeysDown[tap.key] = false;
    came_up = true;
  }
  if (!shown_.empty()) {
    io.KeyCtrl = held(GLFW_KEY_LEFT_CONTROL) || held(GLFW_KEY_RIGHT_CONTROL);
    io.KeyShift = held(GLFW_KEY_LEFT_SHIFT) || held(GLFW_KEY_RIGHT_SHIFT);
  }
  shown_.clear();
  return came_up || !waiting_.empty();
}

}  // namespace moescope
