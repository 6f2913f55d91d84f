// A window on the display, OpenGL 3.3 and ImGui: opened, waited on, drawn into, read back. Knows nothing of what is
// drawn.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "widgets/ui/look.h"
#include "window/key_taps.h"
#include "window/png_file.h"
#include "window/window_options.h"

struct GLFWwindow;

namespace moescope {

/// Told from within wait(), on the thread that waits. All of them must be set.
struct DisplayEvents {
  std::function<void()> input;                      // a hand is at it: keys, mouse, size, focus
  std::function<void()> damaged;                    // it must be drawn again
  std::function<void(ui::KeyPress press)> pressed;  // as well as input
  std::function<void(float scale)> rescaled;        // pixels per design unit, from now on
  std::function<void(std::vector<std::string> files)> dropped;
};

class Display {
 public:
  /// Opens the window and starts ImGui in it. Throws WindowError. One at a time in a process.
  Display(const WindowOptions& options, DisplayEvents events);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  /// Returns at an event, at wake() or after `at_most_secs`; with 0 it only looks.
  void wait(double at_most_secs);
  /// Makes a waiting wait() return; any thread may call it.
  static void wake();
  /// Seconds since the display was opened: the clock of all that is drawn.
  static double now_secs();

  float scale() const { return scale_; }
  /// True when a software rasteriser draws.
  bool software() const { return software_; }
  bool minimised() const;
  bool close_wanted() const;
  void want_close(bool wanted);

  /// Hands the fonts of ImGui's atlas to OpenGL anew.
  void upload_fonts();
  void begin_frame();
  /// The frame's widgets are complete. True when a key's coming up takes one more frame to be seen (KeyTaps).
  bool end_frame();
  /// Gives the frame's triangles to OpenGL, over `background`.
  void submit(ImU32 background);
  /// What was submitted, RGB; before show().
  ImagePixels read_back() const;
  void show();

 private:
  void open(const WindowOptions& options);
  void close();
  void set_callbacks(bool follow_scale);
  static Display& of(GLFWwindow* window);

  DisplayEvents events_;
  GLFWwindow* window_ = nullptr;
  KeyTaps taps_;
  float scale_ = 1;
  bool software_ = false;
};

/// ui::Look::clear_rect by OpenGL.
void clear_rect(const ImDrawList* list, const ImDrawCmd* command);

}  // namespace moescope
