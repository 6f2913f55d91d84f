// Sparse routing over the image.
#include "widgets/panels/sparse_picture.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "widgets/panels/on_device.h"
#include "widgets/panels/pixel_histogram.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/what_if_panel.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kCaption = 26, kHead = 26, kStripLeast = 44;

void draw_number(const Rect& rect, int64_t expert) {
  const std::string text = std::to_string(expert);
  if (rect.w < ui::text_width(Face::small, text) + px(8) || rect.h < px(18)) return;
  const ImVec2 at{rect.x + px(3), rect.y + px(1)};
  ui::text_at({at.x + 1, at.y + 1}, Face::small, IM_COL32(0, 0, 0, 200), text);
  ui::text_at(at, Face::small, IM_COL32(255, 255, 255, 235), text);
}

void draw_hollow(const Rect& rect, DropReason reason) {
  ui::fill(rect, ui::fade(ui::theme().panel, 0.9f));
  draw_drop_mark(rect, reason, ui::theme().dim);
}

/// What a patch asked for, with the mark of what became of it.
void draw_wanted(const Rect& rect, const std::vector<Choice>& wanted, int64_t choice) {
  const auto k = static_cast<size_t>(std::max<int64_t>(0, choice));
  if (k >= wanted.size()) return draw_hollow(rect, DropReason::none);
  ui::fill_expert(rect, wanted[k].expert, gate_opacity(wanted[k].gate));
  if (!wanted[k].executed()) draw_drop_mark(rect, wanted[k].drop, IM_COL32(255, 255, 255, 220));
}

void draw_corner(const Rect& rect, const Choice& choice) {
  const float side = std::min(rect.w, rect.h) * 0.42f;
  ui::canvas().AddTriangleFilled({rect.right() - side, rect.bottom()}, {rect.right(), rect.bottom() - side}, rect.max(),
                                 ui::fade(ui::expert_color(choice.expert), 0.35f + 0.65f * gate_opacity(choice.gate)));
}

/// What was done with a patch: the expert of one choice, or the first executed one with the second as a corner.
/// Returns the expert that was drawn.
int64_t draw_executed(const Rect& rect, const RoutingMap& map, int64_t token, int64_t choice) {
  const std::vector<Choice> all = choices(map, token);
  if (choice >= 0) {
    const auto k = static_cast<size_t>(choice);
    if (k >= all.size() || !all[k].executed()) {
      draw_hollow(rect, k < all.size() ? all[k].drop : DropReason::none);
      return -1;
    }
    ui::fill_expert(rect, all[k].expert, gate_opacity(all[k].gate));
    return all[k].expert;
  }
  const Choice first = executed_choice(map, token);
  if (first.expert < 0) {
    const std::vector<Choice> wanted = wanted_choices(map, token);
    draw_hollow(rect, wanted.empty() ? DropReason::expert_full : wanted.front().drop);
    return -1;
  }
  ui::fill_expert(rect, first.expert, gate_opacity(first.gate));
  for (const Choice& other : all)
    if (other.executed() && other.expert != first.expert) {
      draw_corner(rect, other);
      break;
    }
  return first.expert;
}

void outline_expert(const Picture& picture, const RoutingMap& map, int64_t expert, bool wanted) {
  if (expert < 0) return;
  const ui::Clip clip(picture.frame);
  for (const int64_t patch : patches_in_view(picture, map)) {
    const int64_t token = token_of_patch(map, patch);
    bool of_expert = !wanted && goes_to(map, token, expert);
    if (wanted)
      for (const Choice& choice : wanted_choices(map, token)) of_expert |= choice.expert == expert;
    if (of_expert) ui::frame(patch_rect(picture, map, patch), IM_COL32(255, 255, 255, 170), 0, px(1));
  }
}

void report_mouse(const Picture& picture, const RoutingMap& map, Selection& selection) {
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  const std::vector<Choice> wanted = wanted_choices(map, token);
  const int64_t executed = executed_choice(map, token).expert;
  selection.hovering.token = token;
  selection.hovering.expert = executed >= 0 ? executed : wanted.empty() ? -1 : wanted.front().expert;
  if (clicked(picture)) selection.pinned.token = selection.pinned.token == token ? -1 : token;
}

}  // namespace

float gate_opacity(float gate) { return 0.14f + 0.66f * std::clamp(gate, 0.f, 1.f); }

void draw_drop_mark(const Rect& rect, DropReason reason, ImU32 color) {
  if (reason == DropReason::none) return;
  const float d = std::min(rect.w, rect.h) * 0.28f;
  const float x = rect.x + rect.w / 2, y = rect.center_y();
  ui::canvas().AddLine({x - d, y - d}, {x + d, y + d}, color, px(1));
  if (reason == DropReason::expert_off) ui::canvas().AddLine({x - d, y + d}, {x + d, y - d}, color, px(1));
}

void SparsePicture::draw_map(const Picture& picture, const Seen& seen, const ImageView& view, const RoutingMap& map,
                             bool wanted, const Selection& selection) const {
  draw_image(picture, view, *seen.textures);
  {
    const ui::Clip clip(picture.frame);
    for (const int64_t patch : patches_in_view(picture, map)) {
      const int64_t token = token_of_patch(map, patch);
      const Rect rect = patch_rect(picture, map, patch);
      int64_t expert = -1;
      if (wanted) {
        const std::vector<Choice> asked = wanted_choices(map, token);
        draw_wanted(rect, asked, choice);
        const auto k = static_cast<size_t>(std::max<int64_t>(0, choice));
        if (k < asked.size()) expert = asked[k].expert;
      } else {
        expert = draw_executed(rect, map, token, choice);
      }
      if (show_numbers && expert >= 0) draw_number(rect, expert);
    }
  }
  draw_patch_grid(picture, map);
  outline_expert(picture, map, selection.expert(), wanted);
}

SparsePicture::OtherSide SparsePicture::other_side(const Seen& seen, const ImageView& view, const RoutingMap& map,
                                                   const Selection& selection) {
  const ImageLook* look = shown_look(seen, selection);
  const RoutingMap* as_is = look ? find_map(look->as_is, map.layer) : nullptr;
  if (as_is && !selection.asking.reference) return {&look->as_is, as_is, false, "as it is"};
  return {&view, &map, true, "wanted"};
}

void SparsePicture::draw_executed_picture(const Picture& picture, const Seen& seen, const ImageView& view,
                                          const RoutingMap& map, InPlace& in_place, const Selection& selection) const {
  const OtherSide other = other_side(seen, view, map, selection);
  in_place.draw(
      picture, [&] { draw_map(picture, seen, view, map, false, selection); },
      [&] { draw_map(picture, seen, *other.view, *other.map, other.wanted, selection); });
}

std::string SparsePicture::caption(const RoutingMap& map, bool wanted) const {
  if (map.router == RouterKind::experts_choice) return wanted ? "largest gate" : "taken by";
  const std::string which = map.k > 1 ? (choice < 0 ? (wanted ? ", 1st choice" : ", 2nd as corner")
                                                    : ", choice " + std::to_string(choice + 1))
                                      : "";
  return (wanted ? "wanted" : "executed") + which;
}

void SparsePicture::draw_head(Rect head, const RoutingMap& map) {
  const ui::Theme& t = ui::theme();
  if (map.router == RouterKind::tokens_choice && map.k > 1 && map.k <= 8) {
    std::vector<std::string> words{"all"};
    for (int64_t k = 1; k <= map.k; ++k) words.push_back(std::to_string(k));
    const float label = ui::text_in(head, Face::small, t.dim, "choice");
    head.cut_left(label - head.x + px(8));
    Rect cells = head.cut_left(static_cast<float>(words.size()) * px(30));
    cells = {cells.x, cells.center_y() - px(9), cells.w, px(18)};
    const int clicked_word = ui::segmented("choice", cells, words, static_cast<int>(choice) + 1);
    if (clicked_word >= 0) choice = clicked_word - 1;
    ui::tip(cells, {"Which choice is shown",
                    "Each patch chooses k experts. \"all\" shows the first that was executed and "
                    "the second as a corner."});
    head.cut_left(px(18));
  }
  const LostChoices lost = count_lost(map);
  const std::string full = map.router == RouterKind::experts_choice ? std::to_string(lost.full) + " not taken by it"
                                                                    : std::to_string(lost.full) + " full";
  const std::string off = std::to_string(lost.off) + " off";
  const float width = ui::text_width(Face::small, full) + ui::text_width(Face::small, off) + px(60);
  Rect legend = head.cut_right(width);
  const Rect whole = legend;
  for (const auto& [reason, text] : {std::pair{DropReason::expert_full, full}, {DropReason::expert_off, off}}) {
    const Rect box = legend.cut_left(px(16));
    draw_drop_mark({box.x, box.center_y() - px(8), px(16), px(16)}, reason, t.text);
    legend.cut_left(px(5));
    const float end = ui::text_in(legend, Face::small, t.dim, text);
    legend.cut_left(end - legend.x + px(14));
  }
  ui::tip(whole,
          {"Why a choice was not executed",
           "Stroke: the expert's buffer was full when this patch came. Cross: the expert is switched off. A patch "
           "without any executed choice passes by the layer unchanged.",
           "", "V-MoE, arXiv 2106.05974, section 2.1"});
  const std::string gates = "gate of each of the " + std::to_string(map.num_experts) + " experts, × uniform";
  ui::text_in(head, Face::small, t.dim, ui::fitting(Face::small, head.w, {gates, "gates, × uniform"}));
}

float SparsePicture::draw_gates(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                                Selection& selection) {
  if (map.gates.size() < static_cast<size_t>(map.num_tokens * map.num_experts)) return 0;
  const int64_t token = selection.token();
  const std::vector<Choice> wanted =
      token >= 0 && token < map.num_tokens ? wanted_choices(map, token) : std::vector<Choice>{};
  StripMaps maps;
  maps.count = map.num_experts, maps.grid_width = map.grid_width, maps.grid_height = map.grid_height;
  maps.high = std::min(static_cast<float>(map.num_experts), 8.f);  // locked: at 8 × uniform an expert is clearly chosen
  maps.low_name = "0×", maps.high_name = "≥" + ui::compact(maps.high) + "×";
  maps.cell = map.num_experts <= 16 ? 44.f : 30.f;
  maps.key = ui::texture_key({6});
  maps.version = ui::texture_key(
      {shown_version(seen, selection), static_cast<uint64_t>(map.layer), static_cast<uint64_t>(map.num_experts)});
  maps.value = [&](int64_t e, int64_t patch) {
    return gate_of(map, token_of_patch(map, patch), e) * static_cast<float>(map.num_experts);
  };
  maps.device = on_device(view, map);
  maps.texels = patch_texels(map, MapWeights::gates, 0, static_cast<float>(map.num_experts));
  maps.expert = [](int64_t e) { return e; };
  maps.lit = [&](int64_t e) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Choice& c) { return c.expert == e; });
  };
  maps.shown = selection.expert();
  const MapStrip::Result result = strip_.draw_ui(area, seen, maps);
  if (result.hovered >= 0) {
    selection.hovering.expert = result.hovered;
    if (result.clicked) selection.pinned.expert = selection.pinned.expert == result.hovered ? -1 : result.hovered;
    float most = 0;
    for (int64_t patch = 0; patch < num_patches(map); ++patch) most = std::max(most, maps.value(result.hovered, patch));
    ui::tip_now({"E" + std::to_string(result.hovered), "",
                 "gate up to " + ui::times(most) + " uniform, scale 0 to " + ui::compact(maps.high) + "×"});
  }
  return result.height;
}

Rect SparsePicture::draw_ui(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                            InPlace& in_place, Selection& selection) {
  if (choice >= map.k) choice = -1;
  const int count = show_wanted ? 3 : 2;
  const float gap = px(show_wanted ? 6 : 36);  // three pictures get the larger integer scale where they can
  const Rect share{area.x, area.y, (area.w - static_cast<float>(count - 1) * gap) / static_cast<float>(count),
                   area.h - px(kCaption + kHead + kStripLeast)};
  const Rect fitted = fit_image(share, view.pixels);
  Picture pictures[3];
  for (int i = 0; i < count; ++i) {
    Rect frame = fitted;
    frame.x = std::round(area.x + static_cast<float>(i) * (share.w + gap) + (share.w - fitted.w) / 2);
    pictures[i] = zoomed(frame, view.pixels, selection.zoom);
  }
  const Picture& image = pictures[0];
  const Picture& executed = pictures[count - 1];
  draw_image(image, view, *seen.textures);
  if (show_wanted) draw_map(pictures[1], seen, view, map, true, selection);
  draw_executed_picture(executed, seen, view, map, in_place, selection);
  if (selection.histogram) draw_histogram(image, view, map, selection.token());
  if (const LayerChange* change = shown_change(seen, selection)) draw_flips(executed, map, *change);
  for (int i = 0; i < count; ++i) {
    if (selection.pinned.token != selection.hovered.token)
      outline_patch(pictures[i], map, selection.pinned.token, false);
    outline_patch(pictures[i], map, selection.hovered.token, true);
    if (!take_brush(pictures[i], view, map, selection)) report_mouse(pictures[i], map, selection);
  }
  for (int i = 0; i < count; ++i)
    if (selection.asking.brush == Brush::none || !ImGui::IsMouseDown(0))
      take_mouse(pictures[i], view.pixels, selection.zoom);
  draw_caption_of_image(image, view, selection.zoom);
  if (show_wanted) draw_caption(pictures[1], caption(map, true));
  const char* other = other_side(seen, view, map, selection).name;
  if (in_place.blinking)
    draw_caption(executed, other);
  else if (in_place.show_split)
    draw_caption(executed, std::string(other) + "  |  executed");
  else
    draw_caption(executed, caption(map, false), "opacity = gate");

  Rect rest{area.x, area.y + fitted.h + px(kCaption), area.w, area.h - fitted.h - px(kCaption)};
  draw_head(rest.cut_top(px(kHead)), map);
  const float strip = draw_gates(rest, seen, view, map, selection);
  return {area.x, area.y, area.w, rest.y + strip - area.y};
}

}  // namespace moescope::panels
