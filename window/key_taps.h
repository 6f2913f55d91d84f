// Keys that go down and up again between two frames, which ImGui, looking once a frame, would never see.
#pragma once

#include <vector>

struct GLFWwindow;

namespace moescope {

/// Keeps such a key down for one frame, and up for one before it is down again. A quick Ctrl+A or the second of two
/// Backspaces is lost otherwise whenever a frame takes longer than the finger. For text boxes alone: commands hear of
/// each press by ui::Look::key_presses.
class KeyTaps {
 public:
  /// From GLFW's key callback, for a press; `mods` as GLFW gives them.
  void pressed(int key, int mods);
  /// Before ImGui::NewFrame(): what was pressed since the last frame is down, in the order of pressing.
  void hold();
  /// After the frame: keys are as the keyboard has them. True when ImGui has not seen the last of them yet, which takes
  /// another frame.
  bool let_go(GLFWwindow* window);

 private:
  struct Tap {
    int key, mods;
  };
  std::vector<Tap> waiting_, shown_;
};

}  // namespace moescope
