// An image as a square of big pixels with its grid of patches.
#include "widgets/panels/image_view.h"

#include <cmath>
#include <functional>

#include "widgets/ui/controls.h"

namespace moescope::panels {

using ui::px;
using ui::Rect;

uint64_t image_key(const WatchedImage& image, const ImagePixels& pixels) {
  const auto size = static_cast<uint64_t>(pixels.height << 20 | pixels.width);
  if (image.test_index >= 0) return ui::texture_key({1, static_cast<uint64_t>(image.test_index), size});
  return ui::texture_key(
      {2, reinterpret_cast<uintptr_t>(image.own.get()), std::hash<std::string>{}(image.label), size});
}

Rect fit_image(const Rect& area, const ImagePixels& pixels) {
  const auto width = static_cast<float>(std::max<int64_t>(1, pixels.width));
  const auto height = static_cast<float>(std::max<int64_t>(1, pixels.height));
  float scale = std::min(area.w / width, area.h / height);
  if (scale >= 1) scale = std::floor(scale);
  return {std::round(area.x), std::round(area.y), std::round(width * scale), std::round(height * scale)};
}

Rect patch_rect(const Rect& picture, const RoutingMap& map, int64_t patch) {
  const auto row = static_cast<float>(patch / map.grid_width), column = static_cast<float>(patch % map.grid_width);
  const float w = picture.w / static_cast<float>(map.grid_width), h = picture.h / static_cast<float>(map.grid_height);
  const float x0 = std::round(picture.x + column * w), y0 = std::round(picture.y + row * h);
  return {x0, y0, std::round(picture.x + (column + 1) * w) - x0, std::round(picture.y + (row + 1) * h) - y0};
}

int64_t patch_under_mouse(const Rect& picture, const RoutingMap& map) {
  if (!ui::hovering(picture) || num_patches(map) == 0) return -1;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto column = static_cast<int64_t>((mouse.x - picture.x) / picture.w * static_cast<float>(map.grid_width));
  const auto row = static_cast<int64_t>((mouse.y - picture.y) / picture.h * static_cast<float>(map.grid_height));
  return std::min(row, map.grid_height - 1) * map.grid_width + std::min(column, map.grid_width - 1);
}

void draw_image(const Rect& picture, const ImageView& view, ui::Textures& textures, float alpha) {
  const ImTextureID texture = textures.image(image_key(view.image, view.pixels), view.pixels);
  ui::canvas().AddImage(texture, picture.min(), picture.max(), {0, 0}, {1, 1}, ui::fade(IM_COL32_WHITE, alpha));
}

void draw_patch_grid(const Rect& picture, const RoutingMap& map) {
  const ImU32 color = IM_COL32(0, 0, 0, 90);
  for (int64_t column = 1; column < map.grid_width; ++column)
    ui::vline(patch_rect(picture, map, column).x, picture.y, picture.bottom(), color);
  for (int64_t row = 1; row < map.grid_height; ++row)
    ui::hline(picture.x, picture.right(), patch_rect(picture, map, row * map.grid_width).y, color);
}

void outline_patch(const Rect& picture, const RoutingMap& map, int64_t token, bool strong) {
  const int64_t patch = patch_of_token(map, token);
  if (token < 0 || patch < 0 || patch >= num_patches(map)) return;
  const Rect rect = patch_rect(picture, map, patch);
  const float width = px(strong ? 2.f : 1.5f);
  ui::frame(rect.inset(-width), IM_COL32(0, 0, 0, 160), px(3), px(1));
  ui::frame(rect.inset(-width / 2), strong ? IM_COL32_WHITE : ui::theme().accent, px(2), width);
}

}  // namespace moescope::panels
