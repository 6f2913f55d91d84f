// Whether a window could be opened here, found out by opening a hidden one.
#pragma once

#include <string>

namespace moescope {

struct DisplayProbe {
  bool usable = false;
  std::string words;  // "OpenGL 4.5, llvmpipe (software)", or why there is none
};

/// Takes some tens of milliseconds. Call it from the main thread, before any window exists.
DisplayProbe probe_display();

}  // namespace moescope
