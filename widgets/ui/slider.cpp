// Slider and toggle.
#include <imgui_internal.h>

#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::ui {
namespace {

/// Rounds to so many significant digits, so that a dragged value is one that can be said.
double round_digits(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double unit = std::pow(10.0, std::floor(std::log10(std::abs(value))) - (digits - 1));
  return std::round(value / unit) * unit;
}

constexpr double kZeroShare = 0.04;  // the left end of a logarithmic track that means 0

}  // namespace

double SliderScale::to_track(double value) const {
  if (!logarithmic) return std::clamp((value - min) / (max - min), 0.0, 1.0);
  const double start = zero_at_left ? kZeroShare : 0;
  if (value <= 0) return 0;
  const double share = std::clamp(std::log(value / min) / std::log(max / min), 0.0, 1.0);
  return start + (1 - start) * share;
}

double SliderScale::from_track(double share) const {
  share = std::clamp(share, 0.0, 1.0);
  double value;
  if (!logarithmic) {
    value = min + share * (max - min);
    const double step = std::pow(10.0, std::floor(std::log10((max - min) / 100)));
    value = std::round(value / step) * step;
  } else {
    const double start = zero_at_left ? kZeroShare : 0;
    if (zero_at_left && share < start / 2) return 0;
    value = round_digits(min * std::pow(max / min, std::max(0.0, share - start) / (1 - start)), 2);
  }
  if (integer) value = std::round(value);
  return std::clamp(value, zero_at_left ? 0.0 : min, max);
}

SliderResult slider(const char* id, const Rect& area, const SliderScale& scale, double& value, ImU32 color) {
  const float grip = px(7);
  const Rect track{area.x + grip, std::round(area.center_y() - px(2)), area.w - 2 * grip, px(4)};
  const Hit h = hit(id, area);
  SliderResult result;
  if (h.held && ImGui::IsMouseDown(0)) {
    const double moved = scale.from_track((ImGui::GetIO().MousePos.x - track.x) / track.w);
    result.changed = moved != value;
    value = moved;
  } else if (h.focused) {
    const double direction = (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_RightArrow)) ? 1 : 0) -
                             (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_LeftArrow)) ? 1 : 0);
    if (direction != 0) {
      const double moved = scale.integer ? std::clamp(value + direction, scale.min, scale.max)
                                         : scale.from_track(scale.to_track(value) + 0.01 * direction);
      result.changed = result.released = moved != value;
      value = moved;
    }
  }
  result.released |= h.released;

  const Theme& t = theme();
  const float x = track.x + static_cast<float>(scale.to_track(value)) * track.w;
  fill(track, t.line, px(2));
  fill({track.x, track.y, x - track.x, track.h}, color, px(2));
  if (h.hovered || h.held) canvas().AddCircleFilled({x, area.center_y()}, grip + px(3), fade(color, 0.22f), 32);
  canvas().AddCircleFilled({x, area.center_y()}, grip, color, 32);
  return result;
}

bool toggle(const char* id, const Rect& area, bool& on, ImU32 color) {
  const Theme& t = theme();
  const float height = px(18), width = px(34);
  const Rect pill{area.x, std::round(area.center_y() - height / 2), width, height};
  const Hit h = hit(id, pill);
  if (h.clicked) on = !on;
  fill(pill, on ? color : h.hovered ? mix(t.line, t.text, 0.1f) : t.line, height / 2);
  const float radius = height / 2 - px(2);
  const float x = on ? pill.right() - height / 2 : pill.x + height / 2;
  canvas().AddCircleFilled({x, pill.center_y()}, radius, on ? IM_COL32_WHITE : t.dark ? t.dim : t.panel, 24);
  return h.clicked;
}

}  // namespace moescope::ui
