// What a window is opened with, and the error when it cannot be.
#pragma once

#include <functional>
#include <string>

#include "compute/records/error.h"

namespace moescope {

/// There is no display, or its OpenGL is older than 3.3. The message says what to use instead.
struct WindowError : UserError {
  using UserError::UserError;
};

struct WindowOptions {
  int width = 1600, height = 900;  // design units; multiplied by the scale, and fitted to the screen
  float scale = 0;                 // pixels per design unit; 0: the display's
  bool dark = true;
  bool visible = true;
  std::string title = "moescope";
  std::string screenshot_folder = ".";          // where P puts pictures
  std::function<void(const std::string&)> log;  // stalls and their cause; none: silence
};

}  // namespace moescope
