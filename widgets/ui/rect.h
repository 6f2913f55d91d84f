// A rectangle in screen pixels that hands out pieces of itself: how every panel is laid out.
#pragma once

#include <imgui.h>

#include <algorithm>

namespace moescope::ui {

struct Rect {
  float x = 0, y = 0, w = 0, h = 0;

  float right() const { return x + w; }
  float bottom() const { return y + h; }
  float center_y() const { return y + h / 2; }
  ImVec2 min() const { return {x, y}; }
  ImVec2 max() const { return {x + w, y + h}; }
  ImVec2 size() const { return {w, h}; }
  bool contains(ImVec2 p) const { return p.x >= x && p.x < right() && p.y >= y && p.y < bottom(); }
  bool empty() const { return w < 1 || h < 1; }

  Rect inset(float dx, float dy) const {
    return {x + dx, y + dy, std::max(0.f, w - 2 * dx), std::max(0.f, h - 2 * dy)};
  }
  Rect inset(float d) const { return inset(d, d); }

  /// Each cut takes a strip off one side, at most what is there, and returns it.
  Rect cut_left(float width) {
    width = std::clamp(width, 0.f, w);
    const Rect piece{x, y, width, h};
    x += width, w -= width;
    return piece;
  }
  Rect cut_right(float width) {
    width = std::clamp(width, 0.f, w);
    w -= width;
    return {x + w, y, width, h};
  }
  Rect cut_top(float height) {
    height = std::clamp(height, 0.f, h);
    const Rect piece{x, y, w, height};
    y += height, h -= height;
    return piece;
  }
  Rect cut_bottom(float height) {
    height = std::clamp(height, 0.f, h);
    h -= height;
    return {x, y + h, w, height};
  }
};

}  // namespace moescope::ui
