// Presses since the last frame, written over ImGui's table of keys for one frame.
#include "window/key_taps.h"

#include <imgui.h>

#include <algorithm>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace moescope {
namespace {

/// GLFW's "unknown" is -1; keys that only modify others are no taps.
bool can_be_tapped(int key) {
  return key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown) && (key < GLFW_KEY_LEFT_SHIFT || key > GLFW_KEY_RIGHT_SUPER);
}

}  // namespace

void KeyTaps::pressed(int key, int mods) {
  if (ImGui::GetIO().WantTextInput && can_be_tapped(key)) waiting_.push_back({key, mods});
}

void KeyTaps::hold() {
  ImGuiIO& io = ImGui::GetIO();
  auto next = waiting_.begin();
  for (; next != waiting_.end(); ++next) {
    if (io.KeysDownDuration[next->key] >= 0) {  // down in the last frame: up in this one
      io.KeysDown[next->key] = false;
      break;
    }
    const bool again = std::any_of(shown_.begin(), shown_.end(), [&](const Tap& tap) { return tap.key == next->key; });
    if (again || (!shown_.empty() && shown_.front().mods != next->mods)) break;
    io.KeysDown[next->key] = true;
    io.KeyCtrl = (next->mods & GLFW_MOD_CONTROL) != 0;
    io.KeyShift = (next->mods & GLFW_MOD_SHIFT) != 0;
    shown_.push_back(*next);
  }
  waiting_.erase(waiting_.begin(), next);
}

bool KeyTaps::let_go(GLFWwindow* window) {
  ImGuiIO& io = ImGui::GetIO();
  const auto held = [&](int key) { return glfwGetKey(window, key) == GLFW_PRESS; };
  bool came_up = false;
  for (const Tap& tap : shown_) {
    if (held(tap.key)) continue;
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
