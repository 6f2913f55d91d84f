// Layers, patches, flow.
#include "widgets/panels/pair_routing.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/routing_view.h"
#include "widgets/panels/states.h"
#include "widgets/plots/matrix.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 26;

void draw_layer(const Rect& line, const PairLayer& layer, bool shown, PairSelection& selection) {
  const ui::Theme& t = ui::theme();
  const RoutingDistance& d = layer.over_all;
  ImGui::PushID(static_cast<int>(d.layer));
  const ui::Hit hit = ui::hit("layer", line);
  ImGui::PopID();
  if (hit.clicked) selection.layer = d.layer;
  if (shown || hit.hovered) ui::fill(line.inset(0, px(1)), t.raised, px(4));
  Rect rest = line.inset(px(8), 0);
  ui::text_in(rest.cut_left(px(58)), Face::small, shown ? t.text : t.dim, layer_name(d.layer));
  const double distance = selection.matched ? d.matched_distance : d.distance;
  const double changed = selection.matched ? d.matched_changed : d.changed;
  ui::text_in(rest.cut_right(px(62)), Face::mono, t.text, ui::percent(changed), ui::Align::right);
  rest.cut_right(px(10));
  ui::text_in(rest.cut_right(px(52)), Face::mono, t.text, ui::fixed(distance, 3), ui::Align::right);
  rest.cut_right(px(12));
  const Rect bar{rest.x, std::round(rest.center_y() - px(4)), rest.w, px(8)};
  ui::load_bar(bar, distance, 1, selection.matched ? d.distance : d.matched_distance, t.accent);
  ui::tip(line,
          {layer_name(d.layer),
           "Jensen-Shannon distance of where a patch goes, mean over patches: 0 equal, 1 disjoint. The tick is the "
           "other numbering of the experts. Right: share of patches whose main expert differs.",
           "matched " + ui::fixed(d.matched_distance, 4) + ", raw " + ui::fixed(d.distance, 4) + "\nchanged " +
               ui::percent(d.matched_changed) + ", raw " + ui::percent(d.changed)});
}

void draw_layers(Rect inside, const PairLook& look, PairSelection& selection) {
  const ui::Theme& t = ui::theme();
  const PairLayer* shown = pair_layer(look, selection);
  Rect heading = inside.cut_top(px(20)).inset(px(8), 0);
  ui::text_in(heading.cut_right(px(62)), Face::small, t.dim, "changed", ui::Align::right);
  heading.cut_right(px(10));
  ui::text_in(heading.cut_right(px(52)), Face::small, t.dim, "JS", ui::Align::right);
  const ui::ScrollArea scroll("layers", inside, px(kRow) * static_cast<float>(look.layers.size()));
  for (size_t i = 0; i < look.layers.size(); ++i) {
    const Rect& c = scroll.content();
    draw_layer({c.x, c.y + px(kRow) * static_cast<float>(i), c.w, px(kRow)}, look.layers[i], &look.layers[i] == shown,
               selection);
  }
}

void draw_expert(Rect& line, int32_t expert) {
  const Rect swatch = line.cut_left(px(16));
  if (expert >= 0)
    ui::expert_swatch(swatch, expert);
  else
    ui::frame(Rect{swatch.x + px(3), std::round(swatch.center_y() - px(5)), px(10), px(10)}, ui::theme().dim, px(2));
  ui::text_in(line.cut_left(px(44)), Face::mono, ui::theme().text, expert < 0 ? "none" : "E" + std::to_string(expert));
}

void draw_patches(const Rect& inside, const PairLayer& layer, PairSelection& selection) {
  const ui::Theme& t = ui::theme();
  const std::vector<int32_t>& b = pair_experts(layer, true, selection.matched);
  std::vector<int64_t> moved;
  for (size_t i = 0; i < layer.a.size(); ++i)
    if (layer.a[i] != b[i]) moved.push_back(static_cast<int64_t>(i));
  if (moved.empty())
    return draw_state(inside, Mood::empty, "No patch is re-routed",
                      "Both send every patch of this image to the same expert.");
  const ui::ScrollArea scroll("moved", inside, px(kRow) * static_cast<float>(moved.size()));
  const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(moved.size()), px(kRow));
  for (int64_t row = first; row < last; ++row) {
    const Rect& c = scroll.content();
    const int64_t cell = moved[static_cast<size_t>(row)];
    Rect line{c.x, c.y + px(kRow) * static_cast<float>(row), c.w, px(kRow)};
    const bool hovered = ui::hovering(line);
    if (hovered) selection.hovering = cell;
    if (hovered || cell == selection.hovered) ui::fill(line.inset(0, px(1)), t.raised, px(4));
    line.cut_left(px(8));
    ui::text_in(
        line.cut_left(px(110)), Face::small, t.dim,
        "patch (" + std::to_string(cell / layer.grid_width) + ", " + std::to_string(cell % layer.grid_width) + ")");
    draw_expert(line, layer.a[static_cast<size_t>(cell)]);
    ui::text_in(line.cut_left(px(26)), Face::small, t.faint, "→");
    draw_expert(line, b[static_cast<size_t>(cell)]);
  }
}

/// Rows: experts of a; columns: experts of b, in the order of those whose part they play when numbers are matched.
void draw_flow(Rect inside, const PairLook& look, const PairLayer& layer, bool matched, ui::Textures& textures) {
  const RoutingDistance& d = layer.over_all;
  const int64_t experts = d.num_experts, width = experts + 1;
  if (static_cast<int64_t>(d.flow.size()) != width * width || experts == 0) return;
  std::vector<int64_t> order(static_cast<size_t>(width));
  for (int64_t j = 0; j < width; ++j)
    order[static_cast<size_t>(j)] = matched && j < experts ? d.match[static_cast<size_t>(j)] : j;
  std::vector<float> values;
  float most = 1;
  for (int64_t i = 0; i < width; ++i)
    for (const int64_t j : order) {
      values.push_back(static_cast<float>(d.flow[static_cast<size_t>(i * width + j)]));
      most = std::max(most, values.back());
    }
  plots::Matrix matrix;
  matrix.rows = matrix.columns = width;
  matrix.values = values;
  matrix.high = most;
  matrix.key = 0xF10;
  matrix.version =
      ui::texture_key({static_cast<uint64_t>(look.request.id), static_cast<uint64_t>(d.layer), matched ? 1u : 0u});
  const auto name = [experts](int64_t e) { return e == experts ? std::string("none") : "E" + std::to_string(e); };
  matrix.row_name = name;
  matrix.column_name = [&](int64_t j) { return name(order[static_cast<size_t>(j)]); };
  const auto expert = [experts](int64_t e) { return e == experts ? int64_t{-1} : e; };
  matrix.row_expert = expert;
  matrix.column_expert = [&, expert](int64_t j) { return expert(matched ? j : order[static_cast<size_t>(j)]); };
  matrix.row_title = "expert in A", matrix.column_title = "in B";
  const plots::MatrixHit hit = plots::draw_matrix(inside, textures, matrix);
  if (hit.row < 0 || hit.column < 0) return;
  const float patches = values[static_cast<size_t>(hit.row * width + hit.column)];
  ui::tip_now({name(hit.row) + " in A, " + matrix.column_name(hit.column) + " in B", "",
               ui::grouped(std::llround(patches)) + " of " + ui::grouped(d.num_patches) + " patches"});
}

}  // namespace

void PairRouting::draw_ui(const Rect& area, const PairLook* look, PairSelection& selection, ui::Textures& textures) {
  static constexpr std::string_view kTabs[] = {"Layers", "Patches", "Flow"};
  const PairLayer* layer = look && look->refusal.empty() ? pair_layer(*look, selection) : nullptr;
  std::string context, shorter;
  if (layer && tab_ == 1) {
    shorter = std::to_string(num_rerouted(*layer, selection.matched)) + " of " + std::to_string(layer->a.size());
    context = shorter + " patches re-routed";
  } else if (layer) {
    shorter = std::to_string(layer->over_all.num_images) + " images";
    context = std::to_string(layer->over_all.num_images) + " test images, " +
              (selection.matched ? "experts matched" : "raw numbers");
  }
  ImGui::PushID("pair routing");
  const Rect inside = ui::tab_panel(area, kTabs, tab_, context, shorter);
  if (!layer)
    draw_state(inside, Mood::empty, "Routing of two", "Choose two runs, or one run at two steps, and open Images.");
  else if (tab_ == 0)
    draw_layers(inside, *look, selection);
  else if (tab_ == 1)
    draw_patches(inside, *layer, selection);
  else
    draw_flow(inside, *look, *layer, selection.matched, textures);
  ImGui::PopID();
}

}  // namespace moescope::panels
