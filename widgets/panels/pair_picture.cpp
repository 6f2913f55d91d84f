// Pictures of two models on one image.
#include "widgets/panels/pair_picture.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/image_view.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kCaption = 24, kFacts = 216;

/// A map of nothing but a grid, for where its cells lie.
RoutingMap grid_of(const PairLayer& layer) {
  RoutingMap map;
  map.grid_height = layer.grid_height, map.grid_width = layer.grid_width;
  map.num_tokens = layer.grid_height * layer.grid_width;
  return map;
}

std::string expert_text(int32_t expert) { return expert < 0 ? "none" : "E" + std::to_string(expert); }

/// The experts' colours over the image; with `only_changed` the other cells are darkened instead.
void draw_cells(const Picture& picture, const PairLayer& layer, const std::vector<int32_t>& experts,
                const std::vector<int32_t>& others, bool only_changed) {
  const RoutingMap grid = grid_of(layer);
  const ui::Clip clip(picture.frame);
  for (const int64_t cell : patches_in_view(picture, grid)) {
    const auto i = static_cast<size_t>(cell);
    const Rect rect = patch_rect(picture, grid, cell);
    const bool changed = experts[i] != others[i];
    if (only_changed && !changed) {
      ui::fill(rect, IM_COL32(0, 0, 0, 150));
      continue;
    }
    if (experts[i] >= 0)
      ui::fill_expert(rect, experts[i], 0.5f);
    else
      ui::frame(rect.inset(px(2)), IM_COL32(255, 255, 255, 170), 0, px(1));
    if (changed) ui::frame(rect.inset(px(1)), ui::theme().warn, 0, px(1.5f));
  }
  draw_patch_grid(picture, grid);
}

void point_at(const Picture& picture, const PairLayer& layer, PairSelection& selection, const Rect& part) {
  const RoutingMap grid = grid_of(layer);
  const int64_t cell = ui::hovering(part) ? patch_under_mouse(picture, grid) : -1;
  if (cell >= 0) selection.hovering = cell;
  if (selection.hovered >= 0) outline_patch(picture, grid, selection.hovered, true);
  if (cell < 0) return;
  const auto i = static_cast<size_t>(cell);
  const std::string where = patch_name(grid, cell);
  const std::string raw = expert_text(layer.a[i]) + " in A, " + expert_text(layer.b[i]) + " in B";
  const bool moved = layer.a[i] != layer.matched[i];
  const std::string part_text = layer.b[i] < 0 ? "" : "B's plays the part of " + expert_text(layer.matched[i]);
  ui::tip_now({where, moved ? "re-routed" : "the same", raw + (part_text.empty() ? "" : "\n" + part_text)});
}

struct Shown {
  const PairLayer& layer;
  const PairLook& look;
  bool b;  // which run stands in this place
};

void draw_side(const Rect& area, const Shown& shown, const char* letter, PairSelection& selection,
               ui::Textures& textures) {
  const PairSide& side = shown.b ? shown.look.b : shown.look.a;
  Rect rest = area;
  rest.cut_bottom(px(kCaption));
  const Rect frame = fit_image(rest, side.view.pixels);
  const Picture picture = zoomed(frame, side.view.pixels, selection.zoom);
  take_mouse(picture, side.view.pixels, selection.zoom);
  draw_image(picture, side.view, textures, 0.9f);
  draw_cells(picture, shown.layer, pair_experts(shown.layer, shown.b, selection.matched),
             pair_experts(shown.layer, !shown.b, selection.matched), selection.mode == PairMode::difference);
  point_at(picture, shown.layer, selection, frame);
  draw_caption(picture, std::string(letter) + "   " + side.label);
}

void draw_split(const Rect& area, const Shown& shown, PairSelection& selection, ui::Textures& textures) {
  Rect rest = area;
  rest.cut_bottom(px(kCaption + 22));
  const PairSide& a = shown.b ? shown.look.b : shown.look.a;
  const Rect frame = fit_image(rest, a.view.pixels);
  const Picture picture = zoomed(frame, a.view.pixels, selection.zoom);
  take_mouse(picture, a.view.pixels, selection.zoom);
  draw_image(picture, a.view, textures, 0.9f);
  const float middle = std::round(frame.x + frame.w * static_cast<float>(selection.split));
  for (const bool right : {false, true}) {
    const ui::Clip clip(right ? Rect{middle, frame.y, frame.right() - middle, frame.h}
                              : Rect{frame.x, frame.y, middle - frame.x, frame.h});
    const bool of_b = right != shown.b;
    draw_cells(picture, shown.layer, pair_experts(shown.layer, of_b, selection.matched),
               pair_experts(shown.layer, !of_b, selection.matched), false);
  }
  ui::vline(middle - px(1), frame.y, frame.bottom(), IM_COL32_WHITE, px(2));
  point_at(picture, shown.layer, selection, frame);
  draw_caption(picture, "A  " + shown.look.a.label, "B  " + shown.look.b.label);
  ui::slider("split", {frame.x, frame.bottom() + px(26), frame.w, px(18)}, {0, 1, false, false, false}, selection.split,
             ui::theme().accent);
}

int64_t predicted(const PairSide& side) {
  const auto& p = side.view.probabilities;
  return p.empty() ? -1 : std::max_element(p.begin(), p.end()) - p.begin();
}

void draw_prediction(Rect& column, const char* letter, const PairSide& side, const PairLook& look) {
  const ui::Theme& t = ui::theme();
  const int64_t best = predicted(side);
  if (best < 0) return;
  const std::string name = static_cast<size_t>(best) < look.class_names.size()
                               ? look.class_names[static_cast<size_t>(best)]
                               : "class " + std::to_string(best);
  Rect line = column.cut_top(px(22));
  ui::text_in(line.cut_left(px(22)), Face::small, t.dim, letter);
  const Rect value = line.cut_right(px(52));
  ui::text_in(value, Face::mono, t.text,
              ui::fixed(static_cast<double>(side.view.probabilities[static_cast<size_t>(best)]), 2), ui::Align::right);
  const bool wrong = side.view.label >= 0 && side.view.label != best;
  ui::text_in(line, Face::body, wrong ? t.bad : t.text, ui::fit_text(Face::body, name, line.w));
}

void draw_facts(Rect column, const PairLook& look, const PairLayer& layer, PairSelection& selection) {
  const ui::Theme& t = ui::theme();
  const auto cells = static_cast<int64_t>(layer.a.size());
  const int64_t moved = num_rerouted(layer, selection.matched);
  ui::text_in(column.cut_top(px(26)), Face::title, t.text, std::to_string(moved) + " of " + std::to_string(cells));
  ui::text_in(column.cut_top(px(20)), Face::small, t.dim, "patches re-routed, " + layer_name(layer.over_all.layer));
  column.cut_top(px(8));
  static const std::string kNumbers[] = {"raw", "matched"};
  const Rect numbers = column.cut_top(px(24));
  const int clicked = ui::segmented("numbers", numbers, kNumbers, selection.matched ? 1 : 0);
  if (clicked >= 0) selection.matched = clicked == 1;
  ui::tip(numbers,
          {"Experts' numbers  (L)",
           "Numbers are arbitrary: another seed gives the same part to another number. Matched: each expert of B "
           "under the number of the expert of A with which it has most in common, over all images measured.",
           "", "Hungarian method, Kuhn 1955"});
  column.cut_top(px(10));
  const int64_t label = look.a.view.label;
  if (label >= 0 && static_cast<size_t>(label) < look.class_names.size())
    ui::text_in(column.cut_top(px(20)), Face::small, t.dim,
                "true class " + look.class_names[static_cast<size_t>(label)]);
  draw_prediction(column, "A", look.a, look);
  draw_prediction(column, "B", look.b, look);
  column.cut_top(px(8));
  for (const std::string& note : look.notes) {
    const float height = ui::text_block(column, Face::small, t.warn, note);
    column.cut_top(height + px(6));
  }
}

void draw_layers(Rect line, const PairLook& look, PairSelection& selection) {
  const PairLayer* shown = pair_layer(look, selection);
  for (const PairLayer& layer : look.layers) {
    const Rect cell = line.cut_left(px(30));
    line.cut_left(px(4));
    const std::string name = std::to_string(layer.over_all.layer);
    const bool on = shown == &layer;
    if (ui::button(("layer" + name).c_str(), cell, name, on ? ui::ButtonKind::primary : ui::ButtonKind::plain))
      selection.layer = layer.over_all.layer;
  }
}

}  // namespace

void PairPicture::take_keys(const PairLook* look, PairSelection& selection) {
  selection.swapped = ui::shift_held();
  if (ui::typed('w') > 0)
    selection.mode = static_cast<PairMode>((static_cast<int>(selection.mode) + ui::typed('w')) % 3);
  if (ui::typed('l') % 2 == 1) selection.matched = !selection.matched;
  if (ui::typed('f') > 0) selection.zoom = {};
  const int move = ui::typed('.') - ui::typed(',');
  if (!look || move == 0 || look->layers.empty()) return;
  const PairLayer* shown = pair_layer(*look, selection);
  const int64_t next =
      std::clamp<int64_t>(shown - look->layers.data() + move, 0, static_cast<int64_t>(look->layers.size()) - 1);
  selection.layer = look->layers[static_cast<size_t>(next)].over_all.layer;
}

void PairPicture::draw_ui(const Rect& area, const PairLook* look, bool waiting, PairSelection& selection,
                          ui::Textures& textures) {
  if (!look)
    return draw_state(area, Mood::loading, "Loading two models",
                      "Their last checkpoints, or those of the steps chosen.");
  if (!look->refusal.empty()) return draw_state(area, Mood::failed, "This pair cannot be looked at", look->refusal);
  const PairLayer* layer = pair_layer(*look, selection);
  if (!layer)
    return draw_state(area, Mood::empty, "No layer in common", "Only one of the two has experts, or in other layers.");
  Rect inside = area;
  Rect bar = inside.cut_top(px(26));
  inside.cut_top(px(8));
  static const std::string kModes[] = {"side by side", "split", "difference"};
  const int clicked =
      ui::segmented("mode", bar.cut_left(std::min(px(290), bar.w * 0.5f)), kModes, static_cast<int>(selection.mode));
  if (clicked >= 0) selection.mode = static_cast<PairMode>(clicked);
  bar.cut_left(px(14));
  draw_layers(bar, *look, selection);
  const std::string state = waiting ? "looking …" : look->a.view.image.label;
  ui::text_in(bar, Face::small, waiting ? ui::theme().warn : ui::theme().dim, state, ui::Align::right);
  if (inside.w > px(620)) draw_facts(inside.cut_right(px(kFacts)), *look, *layer, selection);
  inside.cut_right(px(12));
  const bool swap = selection.swapped;
  if (selection.mode == PairMode::split) {
    draw_split(inside, {*layer, *look, swap}, selection, textures);
    return;
  }
  Rect left = inside.cut_left((inside.w - px(12)) / 2);
  inside.cut_left(px(12));
  draw_side(left, {*layer, *look, swap}, swap ? "B" : "A", selection, textures);
  // Held, Shift shows the other run in each place: what blinks has changed.
  draw_side(inside, {*layer, *look, !swap}, swap ? "A" : "B", selection, textures);
}

}  // namespace moescope::panels
