// The pointed patch through the model: its path from layer to layer, and where it looks.
#include <algorithm>
#include <cmath>
#include <map>

#include "widgets/panels/image_view.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/states.h"
#include "widgets/panels/study_views.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// Places of experts: a column a layer, a lane an expert; the lowest lane is for patches that no expert took.
struct Lanes {
  Rect area;
  size_t layers = 1;
  int64_t experts = 1;
  ImVec2 at(size_t layer, int64_t expert) const {
    const float x = layers > 1 ? area.w * static_cast<float>(layer) / static_cast<float>(layers - 1) : area.w / 2;
    const auto lane = static_cast<float>(expert < 0 ? experts : expert);
    return {area.x + x, area.y + area.h * (lane + 0.5f) / static_cast<float>(experts + 1)};
  }
};

void draw_flows(const Lanes& lanes, const std::vector<std::vector<PathStep>>& paths) {
  ImDrawList& list = ui::canvas();
  for (size_t layer = 0; layer + 1 < lanes.layers; ++layer) {
    std::map<std::pair<int32_t, int32_t>, int> flows;
    for (const auto& path : paths) ++flows[{path[layer].expert, path[layer + 1].expert}];
    for (const auto& [ends, count] : flows) {
      const ImVec2 a = lanes.at(layer, ends.first), b = lanes.at(layer + 1, ends.second);
      const ImU32 color = ends.first < 0 ? ui::theme().faint : ui::expert_color(ends.first);
      const float middle = (a.x + b.x) / 2;
      list.AddBezierCubic(a, {middle, a.y}, {middle, b.y}, b, ui::fade(color, 0.28f),
                          std::min(px(14), px(0.6f) + px(1) * 0.5f * static_cast<float>(count)), 24);
    }
  }
}

void draw_step(const Lanes& lanes, size_t layer, const PathStep& step) {
  const ImVec2 at = lanes.at(layer, step.expert);
  ui::canvas().AddCircleFilled(at, px(6), ui::theme().text, 20);
  if (step.expert >= 0) ui::canvas().AddCircleFilled(at, px(4.5f), ui::expert_color(step.expert), 20);
  const std::string word = step.expert >= 0 ? "E" + std::to_string(step.expert) + " " + ui::fixed(step.weight, 2)
                           : step.drop == DropReason::expert_off ? "off"
                                                                 : "dropped";
  const float width = ui::text_width(Face::mono, word) + 2;
  const float x = std::min(at.x + px(9), lanes.area.right() + px(60) - width);
  ui::fill({x - px(2), at.y - px(8), width + px(4), px(16)}, ui::fade(ui::theme().panel, 0.85f), px(3));
  ui::text_in({x, at.y - px(8), width, px(16)}, Face::mono, ui::theme().text, word);
}

}  // namespace

void draw_path(const Rect& area, const Seen& seen, Selection& selection) {
  const ImageView* view = shown_view(seen, selection);
  if (!view || view->routing.empty())
    return draw_state(area, Mood::empty, "No path yet", "Choose an image of a model with experts.");
  const RoutingMap& first = view->routing.front();
  std::vector<std::vector<PathStep>> paths;
  for (int64_t patch = 0; patch < num_patches(first); ++patch) paths.push_back(path_of_patch(*view, patch));
  const int64_t token = selection.token();
  const int64_t patch = token < 0 ? -1 : patch_of_token(first, token);
  Rect rest = area;
  const std::string title =
      patch < 0 ? "all patches of " + view->image.label + "; point at one to follow it"
                : patch_name(first, token) + " of " + view->image.label + ", step " + ui::grouped(view->step);
  ui::text_in(rest.cut_top(px(18)), Face::small, ui::theme().dim, ui::fitting(Face::small, rest.w, {title, "path"}));
  const Rect names = rest.cut_bottom(px(18));
  const Lanes lanes{{rest.x + px(26), rest.y, rest.w - px(92), rest.h}, view->routing.size(), first.num_experts};
  if (lanes.area.w < px(40)) return;
  draw_flows(lanes, paths);
  for (size_t layer = 0; layer < lanes.layers; ++layer) {
    const float x = lanes.at(layer, 0).x;
    ui::text_in({x - px(40), names.y, px(80), names.h}, Face::small, ui::theme().dim,
                layer_name(view->routing[layer].layer), ui::Align::center);
    const ui::Hit h = ui::hit(("layer" + std::to_string(layer)).c_str(), {x - px(40), names.y, px(80), names.h});
    if (h.clicked) selection.layer = view->routing[layer].layer;
    for (int64_t e = 0; e < first.num_experts; ++e) {
      const ImVec2 at = lanes.at(layer, e);
      const bool lit = selection.expert() == e && view->routing[layer].layer == selection.layer;
      ui::canvas().AddCircleFilled(at, px(lit ? 4.5f : 2.5f), ui::expert_color(e), 14);
    }
  }
  if (patch < 0 || patch >= static_cast<int64_t>(paths.size())) return;
  const std::vector<PathStep>& path = paths[static_cast<size_t>(patch)];
  for (size_t layer = 0; layer + 1 < path.size(); ++layer) {
    const ImVec2 a = lanes.at(layer, path[layer].expert), b = lanes.at(layer + 1, path[layer + 1].expert);
    const float middle = (a.x + b.x) / 2;
    ui::canvas().AddBezierCubic(a, {middle, a.y}, {middle, b.y}, b, ui::theme().text, px(2), 24);
  }
  for (size_t layer = 0; layer < path.size(); ++layer) draw_step(lanes, layer, path[layer]);
}

void draw_attention(const Rect& area, const Seen& seen, MapStrip& heads, Selection& selection) {
  const ImageView* view = shown_view(seen, selection);
  const RoutingMap* map = shown_map(seen, selection);
  const bool has = seen.look && seen.look->attention && !seen.look->images.empty() &&
                   seen.look->images.front().as_is.image.test_index == selection.image.test_index &&
                   seen.look->images.front().as_is.image.own == selection.image.own &&
                   seen.look->attention->block == selection.layer;
  if (!view || !map || !has) return draw_state(area, Mood::loading, "Attention", "Looking at the image.");
  const AttentionMap& a = *seen.look->attention;
  const int64_t token = std::max<int64_t>(selection.token(), map->has_class_token ? 0 : -1);
  if (token < 0 || token >= a.num_tokens)
    return draw_state(area, Mood::empty, "Point at a patch", "Its attention in this block appears here.");
  const auto row = [&](int64_t head, int64_t patch) {  // × uniform
    const int64_t key = token_of_patch(*map, patch);
    return a.probabilities[static_cast<size_t>((head * a.num_tokens + token) * a.num_tokens + key)] *
           static_cast<float>(a.num_tokens);
  };
  constexpr float kTop = 8;  // locked, × uniform
  Rect rest = area;
  Rect left = rest.cut_left(std::min(rest.h + px(8), rest.w * 0.45f));
  const Rect frame = fit_image({left.x, left.y, left.w, left.h - px(24)}, view->pixels);
  const Picture picture = zoomed(frame, view->pixels, selection.zoom);
  std::vector<float> mean(static_cast<size_t>(num_patches(*map)));
  for (int64_t patch = 0; patch < num_patches(*map); ++patch) {
    for (int64_t h = 0; h < a.heads; ++h) mean[static_cast<size_t>(patch)] += row(h, patch);
    mean[static_cast<size_t>(patch)] /= static_cast<float>(std::max<int64_t>(1, a.heads));
  }
  const uint64_t version = ui::texture_key({seen.look_serial, static_cast<uint64_t>(token)});
  draw_image(picture, *view, *seen.textures);
  draw_texture(
      picture,
      seen.textures->heat_map(ui::texture_key({23}), version, {map->grid_width, map->grid_height, mean, 0, kTop}),
      0.85f);
  outline_patch(picture, *map, token, true);
  if (const int64_t patch = patch_under_mouse(picture, *map); patch >= 0)
    ui::tip_now({patch_name(*map, token) + " looks here", "",
                 ui::fixed(mean[static_cast<size_t>(patch)], 2) + "× uniform, mean of the heads"});
  const std::string caption = patch_name(*map, token) + ", mean of heads";
  draw_caption(picture, ui::fitting(Face::small, frame.w, {caption, "mean of heads", "mean"}));
  rest.cut_left(px(14));
  const std::string title =
      layer_name(a.block) + ", its " + std::to_string(a.heads) + " heads, × uniform, " + seen.look->model.text;
  ui::text_in(rest.cut_top(px(20)), Face::small, ui::theme().dim,
              ui::fitting(Face::small, rest.w, {title, "each head"}));
  StripMaps maps;
  maps.count = a.heads, maps.grid_width = map->grid_width, maps.grid_height = map->grid_height;
  maps.high = kTop, maps.cell = 56;
  maps.low_name = "0×", maps.high_name = "≥8×";
  maps.key = ui::texture_key({24}), maps.version = version;
  maps.value = row;
  maps.expert = [](int64_t) { return int64_t{-1}; };
  const MapStrip::Result result = heads.draw_ui(rest, seen, maps);
  if (result.hovered >= 0) ui::tip_now({"head " + std::to_string(result.hovered), ""});
}

}  // namespace moescope::panels
