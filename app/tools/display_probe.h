// Whether a window could be opened here, found out by opening a hidden one.
#pragma once

#include <functional>
#include <string>

namespace moescope {

struct DisplayProbe {
  bool usable = false;
  std::string words;     // "OpenGL 4.5, llvmpipe (software)", or why there is none
  std::string renderer;  // "llvmpipe (software)"
};

/// Takes some tens of milliseconds. Call it from the main thread, before any window exists. in_context: called while
/// the window's OpenGL context is current.
DisplayProbe probe_display(const std::function<void()>& in_context = {});

}  // namespace moescope
