// Zoom and pan.
#include "widgets/panels/zoom.h"

#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::panels {
namespace {

using ui::Rect;

constexpr float kMostScreenPixels = 96;  // of one pixel
constexpr float kWheelStep = 1.25f;
constexpr float kStillPixels = 4;  // a hand that moved less has clicked

/// The centre, moved so that the frame stays filled.
void keep_inside(Zoom& zoom) {
  const float half = 0.5f / zoom.times;
  zoom.center_x = std::clamp(zoom.center_x, half, 1 - half);
  zoom.center_y = std::clamp(zoom.center_y, half, 1 - half);
}

float share_x(const Picture& p, float x) { return (x - p.content.x) / p.content.w; }
float share_y(const Picture& p, float y) { return (y - p.content.y) / p.content.h; }

}  // namespace

Rect fit_image(const Rect& area, const ImagePixels& pixels) {
  const auto width = static_cast<float>(std::max<int64_t>(1, pixels.width));
  const auto height = static_cast<float>(std::max<int64_t>(1, pixels.height));
  float scale = std::min(area.w / width, area.h / height);
  if (scale >= 1) scale = std::floor(scale);
  return {std::round(area.x), std::round(area.y), std::round(width * scale), std::round(height * scale)};
}

Picture zoomed(const Rect& frame, const ImagePixels& pixels, const Zoom& zoom) {
  if (zoom.is_fitted() || frame.empty()) return {frame, frame};
  float scale = frame.w * zoom.times / static_cast<float>(std::max<int64_t>(1, pixels.width));
  if (scale >= 2) scale = std::round(scale);
  const float width = std::max(frame.w, scale * static_cast<float>(pixels.width));
  const float height = std::max(frame.h, scale * static_cast<float>(pixels.height));
  const float x = std::clamp(frame.x + frame.w / 2 - zoom.center_x * width, frame.right() - width, frame.x);
  const float y = std::clamp(frame.y + frame.h / 2 - zoom.center_y * height, frame.bottom() - height, frame.y);
  return {frame, {std::round(x), std::round(y), width, height}};
}

void take_mouse(const Picture& picture, const ImagePixels& pixels, Zoom& zoom) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!ImGui::IsMouseDown(0)) zoom.dragging = false;
  if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem)) return;
  const bool inside = picture.frame.contains(io.MousePos);
  if (inside && io.MouseWheel != 0 && ui::hovering(picture.frame)) {
    const float x = share_x(picture, io.MousePos.x), y = share_y(picture, io.MousePos.y);
    const float most =
        kMostScreenPixels * static_cast<float>(std::max<int64_t>(1, pixels.width)) / std::max(1.f, picture.frame.w);
    zoom.times = std::clamp(zoom.times * std::pow(kWheelStep, io.MouseWheel), 1.f, std::max(1.f, most));
    // The point under the mouse stays where it is.
    zoom.center_x = x + (picture.frame.x + picture.frame.w / 2 - io.MousePos.x) / (picture.frame.w * zoom.times);
    zoom.center_y = y + (picture.frame.y + picture.frame.h / 2 - io.MousePos.y) / (picture.frame.h * zoom.times);
    keep_inside(zoom);
  }
  const bool mine = picture.frame.contains(io.MouseClickedPos[0]);
  if (zoom.is_fitted() || !mine || !ImGui::IsMouseDown(0)) return;
  if (!zoom.dragging && io.MouseDragMaxDistanceSqr[0] < kStillPixels * kStillPixels) return;
  zoom.dragging = true;
  zoom.center_x -= io.MouseDelta.x / picture.content.w;
  zoom.center_y -= io.MouseDelta.y / picture.content.h;
  keep_inside(zoom);
}

bool clicked(const Picture& picture) {
  const ImGuiIO& io = ImGui::GetIO();
  return ImGui::IsMouseReleased(0) && ui::hovering(picture.frame) && picture.frame.contains(io.MouseClickedPos[0]) &&
         io.MouseDragMaxDistanceSqr[0] < kStillPixels * kStillPixels;
}

PixelPlace pixel_under_mouse(const Picture& picture, const ImagePixels& pixels) {
  if (!ui::hovering(picture.frame) || pixels.values.empty()) return {};
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto row = static_cast<int64_t>(share_y(picture, mouse.y) * static_cast<float>(pixels.height));
  const auto column = static_cast<int64_t>(share_x(picture, mouse.x) * static_cast<float>(pixels.width));
  return {std::clamp<int64_t>(row, 0, pixels.height - 1), std::clamp<int64_t>(column, 0, pixels.width - 1)};
}

std::string pixel_text(const ImagePixels& pixels, PixelPlace place) {
  if (place.row < 0) return {};
  std::string text = "(" + std::to_string(place.row) + ", " + std::to_string(place.column) + ")";
  const auto first = static_cast<size_t>((place.row * pixels.width + place.column) * pixels.channels);
  for (size_t c = 0; c < static_cast<size_t>(pixels.channels); ++c)
    text += " " + std::to_string(pixels.values[first + c]);
  return text;
}

}  // namespace moescope::panels
