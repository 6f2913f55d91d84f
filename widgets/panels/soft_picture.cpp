// Soft MoE over the image.
#include "widgets/panels/soft_picture.h"

#include <bit>
#include <cmath>
#include <string>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kMapOpacity = 0.86f;  // the image stays faintly visible under its map

void report_mouse(const Rect& picture, const RoutingMap& map, Selection& selection) {
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  selection.hovering.token = token;
  if (ImGui::IsMouseClicked(0)) selection.pinned.token = selection.pinned.token == token ? -1 : token;
}

std::string slot_name(const RoutingMap& map, int64_t slot) {
  return "E" + std::to_string(expert_of_slot(map, slot)) + " slot " + std::to_string(slot % map.slots_per_expert);
}

void caption(const Rect& picture, std::string_view text) {
  const Rect line{picture.x, picture.bottom() + px(6), picture.w, px(18)};
  ui::text_in(line, Face::small, ui::theme().dim, text);
}

/// The value under the mouse, beside the cursor.
void readout(const Rect& picture, const RoutingMap& map, int64_t slot, bool combine) {
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  const float value = combine ? combine_times(map, token, slot) : dispatch_times(map, token, slot);
  const std::string place =
      "patch (" + std::to_string(patch / map.grid_width) + ", " + std::to_string(patch % map.grid_width) + ")";
  const std::string text = std::string(combine ? "combine " : "dispatch ") + ui::fixed(value, 2) + "× uniform";
  ui::tip_now({place, "", text});
}

}  // namespace

int64_t SoftPicture::shown_slot(const RoutingMap& map, const Selection& selection) {
  const int64_t slots = num_slots(map);
  if (selection.hovered.slot >= 0 && selection.hovered.slot < slots) return selection.hovered.slot;
  const int64_t pointed = selection.hovered.expert;
  if (pointed >= 0 && pointed < map.num_experts) return sharpest_slot(map, pointed);
  if (selection.pinned.slot >= 0 && selection.pinned.slot < slots) return selection.pinned.slot;
  if (selection.pinned.expert >= 0 && selection.pinned.expert < map.num_experts)
    return sharpest_slot(map, selection.pinned.expert);
  return sharpest_slot(map);
}

void SoftPicture::draw_map(const Rect& picture, const Seen& seen, const ImageView& view, const RoutingMap& map,
                           int64_t slot, bool combine, Scale scale) {
  values_.resize(static_cast<size_t>(num_patches(map)));
  for (int64_t patch = 0; patch < num_patches(map); ++patch) {
    const int64_t token = token_of_patch(map, patch);
    values_[static_cast<size_t>(patch)] = combine ? combine_times(map, token, slot) : dispatch_times(map, token, slot);
  }
  const uint64_t key = ui::texture_key({3, combine});
  const uint64_t version = ui::texture_key({seen.serial, image_key(view.image, view.pixels),
                                            static_cast<uint64_t>(map.layer), static_cast<uint64_t>(slot),
                                            std::bit_cast<uint32_t>(scale.low), std::bit_cast<uint32_t>(scale.high)});
  const ImTextureID texture =
      seen.textures->heat_map(key, version, {map.grid_width, map.grid_height, values_, scale.low, scale.high});
  draw_image(picture, view, *seen.textures);
  ui::canvas().AddImage(texture, picture.min(), picture.max(), {0, 0}, {1, 1}, ui::fade(IM_COL32_WHITE, kMapOpacity));
}

void SoftPicture::draw_color_bar(const Rect& area, const Seen& seen, Scale scale, bool clipped) {
  const ui::Theme& t = ui::theme();
  Rect rest = area;
  const Rect bar = rest.cut_left(px(10));
  const ImVec2 lu{0, 0}, ru{1, 0};
  // The colour map runs along u; the bar stands upright, high values on top.
  ui::canvas().AddImageQuad(seen.textures->color_map(), {bar.x, bar.bottom()}, bar.min(), {bar.right(), bar.y},
                            bar.max(), lu, ru, ru, lu, IM_COL32_WHITE);
  ui::frame(bar, t.line);
  auto end_text = [&](float value) { return stretched ? ui::times(value) : ui::compact(value) + "×"; };
  auto label = [&](float value, const std::string& text, ImU32 color) {
    const float y = bar.bottom() - (value - scale.low) / (scale.high - scale.low) * bar.h;
    ui::hline(bar.right(), bar.right() + px(3), std::clamp(y, bar.y, bar.bottom() - 1), color);
    const float top = std::clamp(y - px(8), bar.y - px(2), bar.bottom() - px(14));
    ui::text_in({bar.right() + px(5), top, area.w - px(14), px(16)}, Face::mono, color, text);
  };
  label(scale.high, (clipped ? "≥" : "") + end_text(scale.high), stretched ? t.warn : t.dim);
  label(scale.low, end_text(scale.low), stretched ? t.warn : t.dim);
  if (scale.low < 1 && scale.high > 1 && (1 - scale.low) / (scale.high - scale.low) * bar.h > px(16) &&
      (scale.high - 1) / (scale.high - scale.low) * bar.h > px(16))
    label(1, "1×", t.text);
  const ui::Hit h = ui::hit("scale", area);
  if (h.clicked) stretched = !stretched;
  if (h.hovered)
    ui::tip(area, {"Scale (N)",
                   "Weights in units of the uniform weight, one scale for both maps. Click to stretch it to the "
                   "range of this layer; stretched, even noise looks strong.",
                   "dispatch × tokens, combine × slots", "Soft MoE, arXiv 2308.00951, section 2.1"});
}

float SoftPicture::draw_strip(const Rect& area, const Seen& seen, const RoutingMap& map, int64_t slot, Scale scale,
                              Selection& selection) {
  const int64_t slots = num_slots(map);
  const float gap = px(4), cell = px(30), line = px(3);
  const auto columns = std::max<int64_t>(1, static_cast<int64_t>((area.w + gap) / (cell + gap)));
  const int64_t rows = (slots + columns - 1) / columns;
  const float row_height = cell + line + gap + px(2);
  const int64_t grid_w = map.grid_width, grid_h = map.grid_height;
  const uint64_t version =
      ui::texture_key({seen.serial, static_cast<uint64_t>(map.layer), static_cast<uint64_t>(columns),
                       std::bit_cast<uint32_t>(scale.low), std::bit_cast<uint32_t>(scale.high)});
  if (version != strip_version_) {  // all slots side by side in one picture
    strip_version_ = version;
    strip_values_.assign(static_cast<size_t>(rows * columns * num_patches(map)), 0.f);
    for (int64_t s = 0; s < slots; ++s)
      for (int64_t patch = 0; patch < num_patches(map); ++patch) {
        const int64_t y = (s / columns) * grid_h + patch / grid_w, x = (s % columns) * grid_w + patch % grid_w;
        strip_values_[static_cast<size_t>(y * columns * grid_w + x)] =
            dispatch_times(map, token_of_patch(map, patch), s);
      }
  }
  const ImTextureID texture = seen.textures->heat_map(
      ui::texture_key({4}), version, {columns * grid_w, rows * grid_h, strip_values_, scale.low, scale.high});
  const std::vector<std::pair<int64_t, float>> read = selection.token() >= 0 && selection.token() < map.num_tokens
                                                          ? top_slots(map, selection.token(), true, 3)
                                                          : std::vector<std::pair<int64_t, float>>{};
  const float height = std::min(area.h, static_cast<float>(rows) * row_height);
  const ui::ScrollArea scroll("slots", {area.x, area.y, area.w, height}, static_cast<float>(rows) * row_height);
  const auto [first_row, last_row] = scroll.rows_in_view(rows, row_height);
  for (int64_t s = first_row * columns; s < std::min(slots, last_row * columns); ++s) {
    const auto column = static_cast<float>(s % columns), row = static_cast<float>(s / columns);
    const Rect box{scroll.content().x + column * (cell + gap), scroll.content().y + row * row_height + px(1), cell,
                   cell};
    const ImVec2 uv0{column / static_cast<float>(columns), row / static_cast<float>(rows)};
    const ImVec2 uv1{(column + 1) / static_cast<float>(columns), (row + 1) / static_cast<float>(rows)};
    ui::canvas().AddImage(texture, box.min(), box.max(), uv0, uv1);
    const int64_t expert = expert_of_slot(map, s);
    ui::fill({box.x, box.bottom() + px(1), box.w, line}, ui::expert_color(expert), px(1));
    const bool of_expert = selection.expert() == expert && selection.hovered.slot < 0;
    if (s == slot)
      ui::frame(box.inset(-px(1)), ui::theme().accent, px(3), px(2));
    else if (of_expert)
      ui::frame(box, ui::fade(ui::theme().text, 0.7f), px(2), px(1));
    for (const auto& [top, weight] : read)
      if (top == s && s != slot) ui::frame(box, ui::fade(ui::theme().text, 0.9f), px(2), px(1));
    if (!ui::hovering({box.x, box.y, box.w + gap, row_height})) continue;
    selection.hovering.slot = s, selection.hovering.expert = expert;
    if (ImGui::IsMouseClicked(0)) selection.pinned.slot = selection.pinned.slot == s ? -1 : s;
  }
  return height;
}

Rect SoftPicture::draw_ui(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                          Selection& selection) {
  const int64_t slot = shown_slot(map, selection);
  if (slot < 0) return {area.x, area.y, area.w, 0};
  const SoftRange range = soft_range(map);
  const Scale scale =
      stretched ? Scale{range.min, std::max(range.max, range.min + 1e-4f)} : Scale{0, scale_top(range.typical_peak)};
  const float gap = px(8), bar_width = px(46), caption_height = px(26);
  const float strip_min = px(44);
  const Rect third{area.x, area.y, (area.w - bar_width - 3 * gap) / 3, area.h - caption_height - strip_min - px(22)};
  const Rect fitted = fit_image(third, view.pixels);
  const float used = 3 * fitted.w + 3 * gap + bar_width;
  Rect pictures[3];
  for (int i = 0; i < 3; ++i) {
    pictures[i] = fitted;
    pictures[i].x = std::round(area.x + (area.w - used) / 2 + static_cast<float>(i) * (fitted.w + gap));
  }
  draw_image(pictures[0], view, *seen.textures);
  draw_map(pictures[1], seen, view, map, slot, false, scale);
  draw_map(pictures[2], seen, view, map, slot, true, scale);
  for (const Rect& picture : pictures) {
    if (selection.pinned.token != selection.hovered.token) outline_patch(picture, map, selection.pinned.token, false);
    outline_patch(picture, map, selection.hovered.token, true);
    report_mouse(picture, map, selection);
  }
  readout(pictures[1], map, slot, false);
  readout(pictures[2], map, slot, true);
  draw_color_bar({pictures[2].right() + gap, pictures[2].y, bar_width, pictures[2].h}, seen, scale,
                 range.max > scale.high);
  caption(pictures[0], view.image.label);
  caption(pictures[1], "dispatch into " + slot_name(map, slot));
  caption(pictures[2], "combine from it");

  Rect rest{area.x, area.y + fitted.h + caption_height, area.w, area.h - fitted.h - caption_height};
  Rect head = rest.cut_top(px(22));
  const std::string found = range.max < 1.5f ? "almost uniform: " + ui::times(range.max) + " at most"
                                             : "up to " + ui::times(range.max) + " uniform";
  const std::string note =
      stretched ? "scale stretched to " + ui::fixed(range.min, 2) + "–" + ui::fixed(range.max, 2) + "×  (N)" : found;
  ui::text_in(head.cut_right(ui::text_width(Face::small, note) + 1), Face::small,
              stretched ? ui::theme().warn : ui::theme().dim, note);
  ui::text_in(head, Face::small, ui::theme().dim,
              "dispatch map of each of the " + std::to_string(num_slots(map)) + " slots, by expert");
  const float strip = draw_strip(rest, seen, map, slot, scale, selection);
  return {area.x, area.y, area.w, rest.y + strip - area.y};
}

}  // namespace moescope::panels
