// The panel in the middle: where every patch goes.
#include "widgets/panels/routing_picture.h"

#include <algorithm>

#include "widgets/panels/fit_strip.h"
#include "widgets/panels/pinned_row.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kDetailHeight = 80;

/// Why there is no map, as a picture.
void draw_reason(const Rect& area, const Seen& seen, const Selection& selection) {
  if (!seen.snapshot) return draw_state(area, Mood::loading, "Starting", "The engine is being set up.");
  const Snapshot& s = *seen.snapshot;
  if (s.state == RunState::failed) return draw_state(area, Mood::failed, "The run stopped", s.message);
  if (s.config.router.kind == RouterKind::dense)
    return draw_state(area, Mood::empty, "This model is dense",
                      "Every patch goes through the same MLP, so there is no routing to show.");
  if (s.state == RunState::preparing)
    return draw_state(area, Mood::loading, "Preparing",
                      s.message.empty() ? "Reading the data set and building the model." : s.message);
  if (!selection.has_image)
    return draw_state(area, Mood::empty, "No image chosen",
                      "Choose one in the gallery, or drop a PNG or JPEG file on the window.");
  draw_state(area, Mood::loading, "Routing the image", "The picture appears after the next step.");
}

/// A ring that runs, at the header's right end.
void draw_ring(Rect& header, double now_secs) {
  const Rect ring = header.cut_right(px(16));
  const auto turn = static_cast<float>(now_secs) * 6.f;
  ui::canvas().PathArcTo({ring.x + ring.w / 2, ring.center_y()}, px(5), turn, turn + 4.2f, 20);
  ui::canvas().PathStroke(ui::theme().warn, 0, px(1.6f));
  ui::redraw_in(0.05);
  header.cut_right(px(6));
}

/// Which stored step is looked through; nothing when it is the run in training.
void draw_stored_model(Rect& header, const Seen& seen) {
  if (seen.stored_model.empty()) return;
  ui::text_in(header, Face::small, ui::theme().warn, seen.stored_model, ui::Align::right);
  header.cut_right(ui::text_width(Face::small, seen.stored_model) + px(14));
}

/// What is asked, in the colour of changed things; a ring runs while the answer is on its way.
void draw_asked(Rect header, const WhatIf& asked, const Seen& seen, const Selection& selection) {
  const ui::Theme& t = ui::theme();
  const bool waiting = is_waiting(seen, selection);
  const bool refused = seen.look && !seen.look->refusal.empty() && !waiting;
  const std::string what = describe(asked);
  const std::string text = refused                      ? seen.look->refusal
                           : selection.asking.reference ? "as it is   (" + what + ")"
                                                        : what;
  ui::text_in(header, Face::small, refused ? t.bad : t.warn,
              ui::fitting(Face::small, header.w, {text, refused ? "refused" : "what if"}), ui::Align::right);
  ui::tip(header, {refused ? "Refused" : "What if", text});
}

}  // namespace

std::string describe_map(const RoutingMap& map) {
  const std::string tokens = ui::grouped(map.num_tokens) + " tokens";
  const std::string capacity = "capacity " + ui::fixed(map.actual_capacity_factor, 2);
  const std::string dropped = std::to_string(is_sparse(map) ? count_dropped(map) : 0);
  switch (map.router) {
    case RouterKind::tokens_choice:
      return "V-MoE top-" + std::to_string(map.k) + "   " + capacity + "   " + tokens + ", " + dropped + " dropped";
    case RouterKind::experts_choice:
      return "Experts Choice   " + capacity + "   " + tokens + ", " + dropped + " taken by no expert";
    case RouterKind::soft:
      return "Soft MoE   " + std::to_string(map.num_experts) + " experts × " + std::to_string(map.slots_per_expert) +
             " slots   " + tokens;
    case RouterKind::dense: break;
  }
  return tokens;
}

std::string describe_map_briefly(const RoutingMap& map) {
  if (map.router == RouterKind::soft)
    return std::to_string(map.num_experts) + " × " + std::to_string(map.slots_per_expert) + " slots";
  const std::string dropped = is_sparse(map) ? std::to_string(count_dropped(map)) + " dropped" : "";
  return map.router == RouterKind::tokens_choice ? "top-" + std::to_string(map.k) + ", " + dropped : dropped;
}

void settle_layer(const RunConfig& config, Selection& selection) {
  const std::vector<int64_t> layers = moe_layer_list(config);
  if (std::find(layers.begin(), layers.end(), selection.layer) == layers.end())
    selection.layer = layers.empty() ? -1 : layers.back();
}

void RoutingPicture::take_keys(const Seen& seen, Selection& selection) {
  if (ui::typed('n') % 2 == 1) soft_.stretched = !soft_.stretched;
  if (ui::typed('a') % 2 == 1) soft_.all_slots = !soft_.all_slots;
  if (ui::typed('w') % 2 == 1) sparse_.show_wanted = !sparse_.show_wanted;
  if (ui::typed('l') % 2 == 1) sparse_.show_numbers = !sparse_.show_numbers;
  if (ui::typed('q') % 2 == 1) in_place_.show_split = !in_place_.show_split;
  if (ui::typed('h') % 2 == 1) selection.histogram = !selection.histogram;
  in_place_.blinking = ui::key_held('b');
  if (ui::typed('f') > 0) selection.zoom = {};
  if (!seen.snapshot) return;
  settle_layer(seen.snapshot->config, selection);
  const std::vector<int64_t> layers = moe_layer_list(seen.snapshot->config);
  const auto here = std::find(layers.begin(), layers.end(), selection.layer);
  if (here == layers.end()) return;
  const auto last = static_cast<int64_t>(layers.size()) - 1;
  const int64_t wanted = (here - layers.begin()) + ui::typed('.') - ui::typed(',');
  selection.layer = layers[static_cast<size_t>(std::clamp<int64_t>(wanted, 0, last))];
}

void RoutingPicture::draw_header(Rect header, const Seen& seen, const RoutingMap* map, Selection& selection) {
  const ui::Theme& t = ui::theme();
  if (!seen.snapshot || selection.layer < 0) {
    ui::text_in(header, Face::title, t.text, "Routing");
    return;
  }
  const RunConfig& config = seen.snapshot->config;
  const std::vector<int64_t> layers = moe_layer_list(config);
  const std::string title = "Routing at " + layer_name(selection.layer);
  header.cut_left(ui::text_in(header, Face::title, t.text, title) - header.x + px(14));
  // The scrubber: one pip a MoE layer.
  const float pip = px(26), gap = px(4);
  const auto fitting = static_cast<size_t>(std::max(0.f, header.w * 0.5f / (pip + gap)));
  if (layers.size() > 1 && layers.size() <= fitting) {
    std::vector<std::string> words;
    int chosen = -1;
    for (size_t i = 0; i < layers.size(); ++i) {
      words.push_back(std::to_string(layers[i]));
      if (layers[i] == selection.layer) chosen = static_cast<int>(i);
    }
    Rect pips = header.cut_left(static_cast<float>(layers.size()) * (pip + gap) - gap);
    pips = {pips.x, pips.center_y() - px(10), pips.w, px(20)};
    const int clicked = ui::segmented("layers", pips, words, chosen);
    if (clicked >= 0) selection.layer = layers[static_cast<size_t>(clicked)];
    ui::tip(pips, {"MoE layers  ( , and . )",
                   "Blocks of the model in which a mixture of experts stands in for the MLP. They count from 0, as in "
                   "commands, links and stored metrics: 0 to " +
                       std::to_string(config.model.depth - 1) + "."});
  } else if (layers.size() > fitting) {
    const Rect track = header.cut_left(header.w * 0.4f);
    double index = static_cast<double>(std::find(layers.begin(), layers.end(), selection.layer) - layers.begin());
    const ui::SliderScale scale{0, static_cast<double>(layers.size() - 1), false, true, false};
    if (ui::slider("layers", track, scale, index, t.accent).changed)
      selection.layer = layers[static_cast<size_t>(index)];
  }
  header.cut_left(px(14));
  if (map && is_waiting(seen, selection)) draw_ring(header, seen.now_secs);
  draw_stored_model(header, seen);
  if (map) {
    const std::string full = describe_map(*map), brief = describe_map_briefly(*map);
    const WhatIf asked = selection.asking.now();
    if (asked.is_nothing()) {
      ui::text_in(header, Face::small, t.dim, ui::fitting(Face::small, header.w, {full, brief}), ui::Align::right);
    } else {
      draw_asked(header, asked, seen, selection);
    }
  }
  if (map && selection.asking.now().is_nothing())
    ui::tip(header, {describe_map(*map), map->token_set + ", step " + ui::grouped(map->step)});
}

Rect RoutingPicture::draw_ui(const Rect& area, const Seen& seen, Selection& selection, std::vector<Command>& out) {
  ui::panel_surface(area);
  Rect inside = area.inset(px(ui::kInset), 0);
  Rect header = inside.cut_top(px(ui::kHeader));
  header.y += px(1);
  inside.cut_bottom(px(ui::kInset));
  const ImageView* view = shown_view(seen, selection);
  const RoutingMap* map = view ? shown_map(seen, selection) : nullptr;
  ImGui::PushID("routing");
  draw_header(header, seen, map, selection);
  Rect detail{};
  if (!map || !seen.textures) {
    draw_reason(inside, seen, selection);
  } else {
    detail = inside.cut_bottom(px(kDetailHeight));
    inside.cut_bottom(px(8));
    if (is_refitted(*view)) {
      draw_fit_strip(inside.cut_top(px(48)), seen, *view, selection, out);
      inside.cut_top(px(8));
    }
    if (!selection.pins.empty() && inside.h > px(300)) {
      draw_pinned_row(inside.cut_bottom(px(96)), seen, selection, out);
      inside.cut_bottom(px(4));
    }
    if (is_sparse(*map))
      sparse_.draw_ui(inside, seen, *view, *map, in_place_, selection);
    else
      soft_.draw_ui(inside, seen, *view, *map, in_place_, selection);
  }
  ImGui::PopID();
  return detail;
}

}  // namespace moescope::panels
