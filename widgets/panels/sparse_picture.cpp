// Sparse routing over the image.
#include "widgets/panels/sparse_picture.h"

#include <cmath>
#include <string>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

void draw_dropped(const Rect& rect) {
  const ui::Theme& t = ui::theme();
  ui::fill(rect, ui::fade(t.panel, 0.9f));
  const float d = std::min(rect.w, rect.h) * 0.28f;
  const float x = rect.x + rect.w / 2, y = rect.center_y();
  ui::canvas().AddLine({x - d, y - d}, {x + d, y + d}, t.dim, px(1));
}

/// Beyond 16 experts colours repeat; stripes are the second cue, the number beside the cursor the third.
void draw_hatch(const Rect& rect) {
  ImDrawList& list = ui::canvas();
  list.PushClipRect(rect.min(), rect.max(), true);
  for (float d = px(4); d < rect.w + rect.h; d += px(6))
    list.AddLine({rect.x + d, rect.y}, {rect.x + d - rect.h, rect.bottom()}, IM_COL32(0, 0, 0, 110), px(1));
  list.PopClipRect();
}

void draw_patch(const Rect& rect, const RoutingMap& map, int64_t token) {
  const Choice first = executed_choice(map, token);
  if (first.expert < 0) return draw_dropped(rect);
  ui::fill(rect, ui::fade(ui::expert_color(first.expert), gate_opacity(first.gate)));
  if (first.expert >= ui::kPaletteSize) draw_hatch(rect);
  // The second expert of a patch shows as a corner in its colour.
  for (const Choice& other : choices(map, token)) {
    if (!other.executed() || other.expert == first.expert) continue;
    const float side = std::min(rect.w, rect.h) * 0.42f;
    ui::canvas().AddTriangleFilled({rect.right() - side, rect.bottom()}, {rect.right(), rect.bottom() - side},
                                   rect.max(),
                                   ui::fade(ui::expert_color(other.expert), 0.35f + 0.65f * gate_opacity(other.gate)));
    break;
  }
}

void outline_expert(const Rect& picture, const RoutingMap& map, int64_t expert) {
  if (expert < 0) return;
  for (int64_t patch = 0; patch < num_patches(map); ++patch)
    if (goes_to(map, token_of_patch(map, patch), expert))
      ui::frame(patch_rect(picture, map, patch), IM_COL32(255, 255, 255, 170), 0, px(1));
}

void caption(const Rect& picture, std::string_view text, std::string_view right = {}) {
  Rect line{picture.x, picture.bottom() + px(5), picture.w, px(18)};
  if (!right.empty())
    ui::text_in(line.cut_right(ui::text_width(Face::small, right) + 1), Face::small, ui::theme().dim, right);
  ui::text_in(line, Face::small, ui::theme().dim, text);
}

void report_mouse(const Rect& picture, const RoutingMap& map, Selection& selection) {
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  const std::vector<Choice> wanted = choices(map, token);
  const int64_t executed = executed_choice(map, token).expert;
  selection.hovering.token = token;
  selection.hovering.expert = executed >= 0 ? executed : wanted.empty() ? -1 : wanted.front().expert;
  if (ImGui::IsMouseClicked(0)) selection.pinned.token = selection.pinned.token == token ? -1 : token;
}

}  // namespace

float gate_opacity(float gate) { return 0.14f + 0.66f * std::clamp(gate, 0.f, 1.f); }

Rect draw_sparse_picture(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                         Selection& selection) {
  const float gap = px(36), caption_height = px(24);
  const Rect half{area.x, area.y, (area.w - gap) / 2, area.h - caption_height};
  Rect left = fit_image(half, view.pixels), right = left;
  left.x = std::round(area.x + (half.w - left.w) / 2);
  right.x = std::round(area.x + half.w + gap + (half.w - left.w) / 2);

  draw_image(left, view, *seen.textures);
  draw_image(right, view, *seen.textures);
  for (int64_t patch = 0; patch < num_patches(map); ++patch)
    draw_patch(patch_rect(right, map, patch), map, token_of_patch(map, patch));
  draw_patch_grid(right, map);
  outline_expert(right, map, selection.expert());
  if (selection.pinned.token >= 0 && selection.pinned.token != selection.hovered.token)
    for (const Rect& picture : {left, right}) outline_patch(picture, map, selection.pinned.token, false);
  for (const Rect& picture : {left, right}) outline_patch(picture, map, selection.hovered.token, true);

  for (const Rect& picture : {left, right}) report_mouse(picture, map, selection);
  caption(left, view.image.label, std::to_string(view.pixels.width) + " × " + std::to_string(view.pixels.height));
  const std::string_view full = map.k > 1 ? "first expert of each patch (corner: second), opacity = gate"
                                          : "expert of each patch, opacity = gate";
  caption(right, ui::fitting(Face::small, right.w, {full, "expert of each patch, opacity = gate", "opacity = gate"}));
  return {area.x, area.y, area.w, left.h + caption_height};
}

}  // namespace moescope::panels
