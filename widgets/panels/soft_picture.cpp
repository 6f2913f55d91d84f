// Soft MoE over the image.
#include "widgets/panels/soft_picture.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "widgets/panels/on_device.h"
#include "widgets/panels/pixel_histogram.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/what_if_panel.h"
#include "widgets/plots/color_bar.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kMapOpacity = 0.86f;  // the image stays faintly visible under its map
constexpr float kCaption = 26, kHead = 26, kStripLeast = 44, kBarWidth = 46;

void report_mouse(const Picture& picture, const RoutingMap& map, Selection& selection) {
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  selection.hovering.token = token;
  if (clicked(picture)) selection.pinned.token = selection.pinned.token == token ? -1 : token;
}

std::string slot_name(const RoutingMap& map, int64_t slot) {
  return "E" + std::to_string(expert_of_slot(map, slot)) + " slot " + std::to_string(slot % map.slots_per_expert);
}

float largest_entropy(const RoutingMap& map) { return std::log(static_cast<float>(num_slots(map))); }

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

float SoftPicture::value_of(const Side& side, int64_t token) const {
  switch (side.quantity) {
    case Quantity::dispatch: return dispatch_times(*side.map, token, side.slot);
    case Quantity::combine: return combine_times(*side.map, token, side.slot);
    case Quantity::token_weight: return token_weight_times(*side.map, token);
    case Quantity::entropy: break;
  }
  return combine_entropy(*side.map, token);
}

MapTexels SoftPicture::texels_of(const Side& side) {
  const RoutingMap& map = *side.map;
  const bool dispatch = side.quantity == Quantity::dispatch || side.quantity == Quantity::token_weight;
  MapTexels texels = patch_texels(map, dispatch ? MapWeights::dispatch : MapWeights::combine, side.slot,
                                  static_cast<float>(dispatch ? map.num_tokens : num_slots(map)));
  if (side.quantity == Quantity::token_weight) texels.value = MapValue::mean;
  if (side.quantity == Quantity::entropy) texels.value = MapValue::entropy;
  return texels;
}

SoftPicture::Side SoftPicture::other_side(const Side& own, const Seen& seen, const Selection& selection) {
  Side other = own;
  const ImageLook* look = shown_look(seen, selection);
  const RoutingMap* as_is = look ? find_map(look->as_is, own.map->layer) : nullptr;
  if (as_is && !selection.asking.reference) {
    other.view = &look->as_is, other.map = as_is, other.as_is = true;
    other.version = ui::texture_key({seen.look_serial, 1});
    const int64_t expert = expert_of_slot(*own.map, own.slot), place = own.slot % own.map->slots_per_expert;
    other.slot = expert * as_is->slots_per_expert + std::min(place, as_is->slots_per_expert - 1);
  } else if (own.quantity == Quantity::combine) {
    other.quantity = Quantity::dispatch;
  }
  return other;
}

void SoftPicture::draw_map(const Picture& picture, const Seen& seen, const Side& side, Scale scale, bool other) {
  const RoutingMap& map = *side.map;
  const uint64_t key = ui::texture_key({3, static_cast<uint64_t>(side.quantity), other, side.as_is});
  const uint64_t version = ui::texture_key({side.version, image_key(side.view->image, side.view->pixels),
                                            static_cast<uint64_t>(map.layer), static_cast<uint64_t>(side.slot),
                                            std::bit_cast<uint32_t>(scale.low), std::bit_cast<uint32_t>(scale.high)});
  values_.resize(static_cast<size_t>(num_patches(map)));
  for (int64_t patch = 0; patch < num_patches(map); ++patch)
    values_[static_cast<size_t>(patch)] = value_of(side, token_of_patch(map, patch));
  const ImTextureID texture = seen.textures->heat_map(
      key, version,
      {map.grid_width, map.grid_height, values_, scale.low, scale.high, on_device(*side.view, map), texels_of(side)});
  draw_image(picture, *side.view, *seen.textures);
  draw_texture(picture, texture, kMapOpacity);
}

void SoftPicture::draw_sides(const Picture& picture, const Seen& seen, const Side& own, Scale scale, InPlace& in_place,
                             const Selection& selection) {
  const Side other = other_side(own, seen, selection);
  if (other.map == own.map && other.quantity == own.quantity) {
    draw_map(picture, seen, own, scale, false);
    draw_caption(picture, caption(own));
    return draw_readout(picture, own);
  }
  ImGui::PushID(static_cast<int>(own.quantity));
  in_place.draw(
      picture, [&] { draw_map(picture, seen, own, scale, false); },
      [&] { draw_map(picture, seen, other, scale, true); });
  ImGui::PopID();
  const std::string name = other.as_is ? "as it is" : caption(other);
  const std::string now = other.as_is ? "what if" : "combine";
  draw_caption(picture, in_place.blinking     ? name
                        : in_place.show_split ? (other.as_is ? name : "dispatch") + "  |  " + now
                                              : caption(own));
  draw_readout(picture, in_place.is_other(picture, ImGui::GetIO().MousePos.x) ? other : own);
}

std::string SoftPicture::caption(const Side& side) const {
  switch (side.quantity) {
    case Quantity::dispatch: return "dispatch into " + slot_name(*side.map, side.slot);
    case Quantity::combine: return "combine from it";
    case Quantity::token_weight: return "token weight over all slots";
    case Quantity::entropy: break;
  }
  return "entropy of combine, nats";
}

void SoftPicture::draw_readout(const Picture& picture, const Side& side) const {
  const RoutingMap& map = *side.map;
  const int64_t patch = patch_under_mouse(picture, map);
  if (patch < 0) return;
  const int64_t token = token_of_patch(map, patch);
  static constexpr const char* kNames[] = {"dispatch ", "combine ", "token weight ", "entropy of combine "};
  const std::string number = ui::fixed(value_of(side, token), 2);
  const std::string unit =
      side.quantity == Quantity::entropy ? " of " + ui::fixed(largest_entropy(map), 2) + " nats" : "× uniform";
  ui::tip_now(
      {patch_name(map, token), side.as_is ? "as it is" : "", kNames[static_cast<int>(side.quantity)] + number + unit});
}

void SoftPicture::draw_color_bar(const Rect& area, const Seen& seen, Scale scale, bool clipped, const char* unit) {
  const ui::Theme& t = ui::theme();
  Rect rest = area;
  const Rect bar = rest.cut_left(px(10));
  plots::draw_color_scale(bar, *seen.textures);
  auto end_text = [&](float value) {
    if (*unit == 0) return ui::fixed(value, 1);
    return stretched ? ui::times(value) : ui::compact(value) + unit;
  };
  auto label = [&](float value, const std::string& text, ImU32 color) {
    const float y = bar.bottom() - (value - scale.low) / (scale.high - scale.low) * bar.h;
    ui::hline(bar.right(), bar.right() + px(3), std::clamp(y, bar.y, bar.bottom() - 1), color);
    const float top = std::clamp(y - px(8), bar.y - px(2), bar.bottom() - px(14));
    ui::text_in({bar.right() + px(5), top, area.w - px(14), px(16)}, Face::mono, color, text);
  };
  const ImU32 ends = stretched && *unit ? t.warn : t.dim;
  label(scale.high, (clipped ? "≥" : "") + end_text(scale.high), ends);
  label(scale.low, end_text(scale.low), ends);
  if (*unit && scale.low < 1 && scale.high > 1 && (1 - scale.low) / (scale.high - scale.low) * bar.h > px(16) &&
      (scale.high - 1) / (scale.high - scale.low) * bar.h > px(16))
    label(1, "1×", t.text);
  if (*unit == 0) return;
  const ui::Hit h = ui::hit("scale", area);
  if (h.clicked) stretched = !stretched;
  if (h.hovered)
    ui::tip(area, {"Scale (N)",
                   "Weights in units of the uniform weight, one scale for both maps. Click to stretch it to the "
                   "range of this layer; stretched, even noise looks strong.",
                   "dispatch × tokens, combine × slots", "Soft MoE, arXiv 2308.00951, section 2.1"});
}

float SoftPicture::draw_strip(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                              int64_t slot, Scale scale, Selection& selection) {
  const std::vector<std::pair<int64_t, float>> read = selection.token() >= 0 && selection.token() < map.num_tokens
                                                          ? top_slots(map, selection.token(), true, 3)
                                                          : std::vector<std::pair<int64_t, float>>{};
  StripMaps maps;
  maps.count = num_slots(map), maps.grid_width = map.grid_width, maps.grid_height = map.grid_height;
  maps.low = scale.low, maps.high = scale.high;
  maps.key = ui::texture_key({4});
  maps.version = ui::texture_key({shown_version(seen, selection), static_cast<uint64_t>(map.layer),
                                  std::bit_cast<uint32_t>(scale.low), std::bit_cast<uint32_t>(scale.high)});
  maps.value = [&](int64_t s, int64_t patch) { return dispatch_times(map, token_of_patch(map, patch), s); };
  maps.device = on_device(view, map);
  maps.texels = patch_texels(map, MapWeights::dispatch, 0, static_cast<float>(map.num_tokens));
  maps.expert = [&](int64_t s) { return expert_of_slot(map, s); };
  maps.lit = [&](int64_t s) {
    if (selection.expert() == expert_of_slot(map, s) && selection.hovered.slot < 0) return true;
    return std::any_of(read.begin(), read.end(), [&](const auto& top) { return top.first == s; });
  };
  maps.shown = all_slots ? -1 : slot;
  const MapStrip::Result result = strip_.draw_ui(area, seen, maps);
  if (result.hovered >= 0) {
    selection.hovering.slot = result.hovered, selection.hovering.expert = expert_of_slot(map, result.hovered);
    if (result.clicked) {
      selection.pinned.slot = selection.pinned.slot == result.hovered ? -1 : result.hovered;
      all_slots = false;
    }
  }
  return result.height;
}

void SoftPicture::draw_head(Rect head, const RoutingMap& map, const SoftRange& range) {
  const ui::Theme& t = ui::theme();
  const std::string words[] = {"one slot", "all slots"};
  Rect cells = head.cut_left(px(148));
  cells = {cells.x, cells.center_y() - px(9), cells.w, px(18)};
  const int word = ui::segmented("slots", cells, words, all_slots ? 1 : 0);
  if (word >= 0) all_slots = word == 1;
  ui::tip(cells,
          {"One slot, or all  (A)",
           "One slot: its dispatch and combine map. All: what the slots together take from each token, and how many "
           "slots each token reads, as the entropy of its combine weights.",
           "token weight = sum of dispatch over slots", "Soft MoE, arXiv 2308.00951, section 5"});
  head.cut_left(px(14));
  std::string note = range.max < 1.5f ? "almost uniform: " + ui::times(range.max) + " at most"
                                      : "up to " + ui::times(range.max) + " uniform";
  if (all_slots)
    note = "half of the weight comes from " + std::to_string(tokens_for_share(map, 0.5)) + " of " +
           std::to_string(map.num_tokens) + " tokens";
  else if (stretched)
    note = "scale stretched to " + ui::fixed(range.min, 2) + "–" + ui::fixed(range.max, 2) + "×  (N)";
  ui::text_in(head.cut_right(ui::text_width(Face::small, note) + 1), Face::small,
              stretched && !all_slots ? t.warn : t.dim, note);
  const std::string strip = "dispatch map of each of the " + std::to_string(num_slots(map)) + " slots, by expert";
  ui::text_in(head, Face::small, t.dim,
              ui::fitting(Face::small, head.w - px(12), {strip, "dispatch of each slot, by expert", "each slot"}));
}

Rect SoftPicture::draw_ui(const Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                          InPlace& in_place, Selection& selection) {
  const int64_t slot = shown_slot(map, selection);
  if (slot < 0) return {area.x, area.y, area.w, 0};
  const SoftRange range = soft_range(map);
  const Scale scale =
      stretched ? Scale{range.min, std::max(range.max, range.min + 1e-4f)} : Scale{0, scale_top(range.typical_peak)};
  const float gap = px(8), bar = px(kBarWidth) * (all_slots ? 2 : 1) + (all_slots ? gap : 0);
  const Rect third{area.x, area.y, (area.w - bar - 3 * gap) / 3, area.h - px(kCaption + kStripLeast + kHead)};
  const Rect fitted = fit_image(third, view.pixels);
  const float used = 3 * fitted.w + 3 * gap + bar;
  Picture pictures[3];
  float x = std::round(area.x + (area.w - used) / 2);
  for (int i = 0; i < 3; ++i) {
    Rect frame = fitted;
    frame.x = x;
    pictures[i] = zoomed(frame, view.pixels, selection.zoom);
    x += fitted.w + gap + (all_slots && i == 1 ? px(kBarWidth) + gap : 0);
  }
  const Quantity left = all_slots ? Quantity::token_weight : Quantity::dispatch;
  const Quantity right = all_slots ? Quantity::entropy : Quantity::combine;
  const Scale left_scale = all_slots ? Scale{0, 2} : scale;
  const Scale right_scale = all_slots ? Scale{0, std::max(0.1f, largest_entropy(map))} : scale;
  const uint64_t shown = shown_version(seen, selection);
  draw_image(pictures[0], view, *seen.textures);
  draw_sides(pictures[1], seen, {&view, &map, slot, left, shown}, left_scale, in_place, selection);
  draw_sides(pictures[2], seen, {&view, &map, slot, right, shown}, right_scale, in_place, selection);
  if (selection.histogram) draw_histogram(pictures[0], view, map, selection.token());
  if (const LayerChange* change = shown_change(seen, selection)) draw_flips(pictures[0], map, *change);
  for (const Picture& picture : pictures) {
    if (selection.pinned.token != selection.hovered.token) outline_patch(picture, map, selection.pinned.token, false);
    outline_patch(picture, map, selection.hovered.token, true);
    if (!take_brush(picture, view, map, selection)) report_mouse(picture, map, selection);
  }
  for (const Picture& picture : pictures)
    if (selection.asking.brush == Brush::none || !ImGui::IsMouseDown(0))
      take_mouse(picture, view.pixels, selection.zoom);
  auto bar_beside = [&](const Rect& frame) { return Rect{frame.right() + gap, frame.y, px(kBarWidth), frame.h}; };
  if (all_slots) draw_color_bar(bar_beside(pictures[1].frame), seen, left_scale, false, "×");
  draw_color_bar(bar_beside(pictures[2].frame), seen, right_scale, !all_slots && range.max > scale.high,
                 all_slots ? "" : "×");
  draw_caption_of_image(pictures[0], view, selection.zoom);

  Rect rest{area.x, area.y + fitted.h + px(kCaption), area.w, area.h - fitted.h - px(kCaption)};
  draw_head(rest.cut_top(px(kHead)), map, range);
  const float strip = draw_strip(rest, seen, view, map, slot, scale, selection);
  return {area.x, area.y, area.w, rest.y + strip - area.y};
}

}  // namespace moescope::panels
