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

Rect patch_rect(const Picture& picture, const RoutingMap& map, int64_t patch) {
  const Rect& all = picture.content;
  const auto row = static_cast<float>(patch / map.grid_width), column = static_cast<float>(patch % map.grid_width);
  const float w = all.w / static_cast<float>(map.grid_width), h = all.h / static_cast<float>(map.grid_height);
  const float x0 = std::round(all.x + column * w), y0 = std::round(all.y + row * h);
  return {x0, y0, std::round(all.x + (column + 1) * w) - x0, std::round(all.y + (row + 1) * h) - y0};
}

std::vector<int64_t> patches_in_view(const Picture& picture, const RoutingMap& map) {
  std::vector<int64_t> list;
  const Rect& frame = picture.frame;
  for (int64_t patch = 0; patch < num_patches(map); ++patch) {
    const Rect rect = patch_rect(picture, map, patch);
    if (rect.right() > frame.x && rect.x < frame.right() && rect.bottom() > frame.y && rect.y < frame.bottom())
      list.push_back(patch);
  }
  return list;
}

int64_t patch_under_mouse(const Picture& picture, const RoutingMap& map) {
  if (!ui::hovering(picture.frame) || num_patches(map) == 0) return -1;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const Rect& all = picture.content;
  const auto column = static_cast<int64_t>((mouse.x - all.x) / all.w * static_cast<float>(map.grid_width));
  const auto row = static_cast<int64_t>((mouse.y - all.y) / all.h * static_cast<float>(map.grid_height));
  return std::clamp<int64_t>(row, 0, map.grid_height - 1) * map.grid_width +
         std::clamp<int64_t>(column, 0, map.grid_width - 1);
}

void draw_texture(const Picture& picture, ImTextureID texture, float alpha) {
  const Rect &f = picture.frame, &c = picture.content;
  const ImVec2 uv0{(f.x - c.x) / c.w, (f.y - c.y) / c.h}, uv1{(f.right() - c.x) / c.w, (f.bottom() - c.y) / c.h};
  ui::canvas().AddImage(texture, f.min(), f.max(), uv0, uv1, ui::fade(IM_COL32_WHITE, alpha));
}

void draw_image(const Picture& picture, const ImageView& view, ui::Textures& textures, float alpha) {
  // An image under a counterfactual may have other pixels than the one in the gallery: the pixels themselves are the
  // key.
  const std::string_view bytes(reinterpret_cast<const char*>(view.pixels.values.data()), view.pixels.values.size());
  const uint64_t key = ui::texture_key({image_key(view.image, view.pixels), std::hash<std::string_view>{}(bytes)});
  draw_texture(picture, textures.image(key, view.pixels), alpha);
}

void draw_patch_grid(const Picture& picture, const RoutingMap& map) {
  const ui::Clip clip(picture.frame);
  const ImU32 color = IM_COL32(0, 0, 0, 90);
  const Rect& f = picture.frame;
  for (int64_t column = 1; column < map.grid_width; ++column)
    ui::vline(patch_rect(picture, map, column).x, f.y, f.bottom(), color);
  for (int64_t row = 1; row < map.grid_height; ++row)
    ui::hline(f.x, f.right(), patch_rect(picture, map, row * map.grid_width).y, color);
}

void outline_patch(const Picture& picture, const RoutingMap& map, int64_t token, bool strong) {
  const int64_t patch = patch_of_token(map, token);
  if (token < 0 || patch < 0 || patch >= num_patches(map)) return;
  const float width = px(strong ? 2.f : 1.5f);
  const ui::Clip clip(picture.frame.inset(-2 * width));
  const Rect rect = patch_rect(picture, map, patch);
  ui::frame(rect.inset(-width), IM_COL32(0, 0, 0, 160), px(3), px(1));
  ui::frame(rect.inset(-width / 2), strong ? IM_COL32_WHITE : ui::theme().accent, px(2), width);
}

void draw_flips(const Picture& picture, const RoutingMap& map, const LayerChange& change) {
  const ui::Clip clip(picture.frame);
  const ui::Theme& t = ui::theme();
  ImDrawList& list = ui::canvas();
  for (const PatchChange& flip : change.patches) {
    const Rect rect = patch_rect(picture, map, flip.patch);
    ui::frame(rect.inset(px(1)), t.warn, 0, px(1.5f));
    if (rect.w < px(22) || rect.h < px(14)) continue;
    const float side = px(7), y = rect.bottom() - px(4) - side;
    const Rect from{rect.x + px(3), y, side, side}, to{rect.right() - px(3) - side, y, side, side};
    for (const auto& [box, expert] : {std::pair{from, flip.before}, {to, flip.after}}) {
      ui::fill(box.inset(-1), IM_COL32(0, 0, 0, 200), px(1));
      if (expert >= 0)
        ui::fill(box, ui::expert_color(expert), px(1));
      else
        ui::frame(box, IM_COL32_WHITE, px(1));
    }
    const float middle = y + side / 2, tip = to.x - px(1);
    list.AddLine({from.right() + px(1), middle}, {tip, middle}, IM_COL32_WHITE, px(1.5f));
    list.AddTriangleFilled({tip, middle}, {tip - px(4), middle - px(3)}, {tip - px(4), middle + px(3)}, IM_COL32_WHITE);
  }
}

void draw_caption(const Picture& picture, std::string_view text, std::string_view right) {
  Rect line{picture.frame.x, picture.frame.bottom() + px(5), picture.frame.w, px(18)};
  if (!right.empty()) {
    const float width = ui::text_width(ui::Face::small, right) + 1;
    const bool both_fit = width + px(6) + ui::text_width(ui::Face::small, text) <= line.w;
    if (both_fit || text.empty()) ui::text_in(line.cut_right(width), ui::Face::small, ui::theme().dim, right);
    line.cut_right(px(6));
  }
  ui::text_in(line, ui::Face::small, ui::theme().dim, ui::fitting(ui::Face::small, line.w, {text}));
}

void draw_caption_of_image(const Picture& picture, const ImageView& view, const Zoom& zoom) {
  const PixelPlace place = pixel_under_mouse(picture, view.pixels);
  std::string right = std::to_string(view.pixels.width) + " × " + std::to_string(view.pixels.height);
  if (!zoom.is_fitted())
    right = std::to_string(std::lround(picture.content.w / static_cast<float>(view.pixels.width))) + " px a pixel  (F)";
  if (place.row >= 0) right = pixel_text(view.pixels, place);
  draw_caption(picture, view.image.label, right);
}

std::string patch_name(const RoutingMap& map, int64_t token) {
  const int64_t patch = patch_of_token(map, token);
  if (patch < 0) return "class token";
  return "patch (" + std::to_string(patch / map.grid_width) + ", " + std::to_string(patch % map.grid_width) + ")";
}

}  // namespace moescope::panels
