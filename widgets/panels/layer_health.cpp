// One row a layer.
#include "widgets/panels/layer_health.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/routing_view.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kDead = 0.005f, kRow = 24;

struct Column {
  std::string_view name, tip, formula;
  float width;
};
constexpr Column kColumns[] = {
    {"CV", "How uneven the load is.", "std(load) / mean(load)", 44},
    {"imp CV", "How uneven the importance is: the summed gates or combine weights.", "std / mean", 52},
    {"entropy", "Of a token's gates or combine weights, over the largest possible.", "H / log E", 56},
    {"used", "Slots that hold a token.", "filled slots / slots", 48},
    {"drop", "Tokens that no expert took.", "dropped / tokens", 52},
    {"dead", "Experts with less than 0.5 % of a fair share.", "", 36},
    {"most", "The largest load over the fair share: the overload factor.", "max(load)", 48},
};

std::string cell_text(size_t column, const ExpertLoad& load, const LayerHealth& health) {
  const bool soft = load.router == RouterKind::soft;
  switch (column) {
    case 0: return ui::fixed(load.load_cv, 2);
    case 1: return ui::fixed(health.importance_cv, 2);
    case 2: return ui::fixed(health.relative_entropy, 2);
    case 3: return soft ? "–" : ui::percent(load.capacity_use);
    case 4: return soft ? "–" : ui::percent(load.dropped);
    case 5: return std::to_string(health.dead);
    default: return ui::times(health.overload);
  }
}

/// The load of every expert as a little skyline; the line is the fair share.
void draw_skyline(const Rect& area, const ExpertLoad& load) {
  const auto count = static_cast<float>(load.load.size());
  const float width = area.w / std::max(1.f, count), top = 2.2f;
  for (size_t e = 0; e < load.load.size(); ++e) {
    const float share = std::isfinite(load.load[e]) ? std::clamp(load.load[e] / top, 0.f, 1.f) : 0;
    const float h = std::max(share * area.h, load.load[e] >= kDead ? 1.f : 0.f);
    ui::fill({area.x + static_cast<float>(e) * width, area.bottom() - h, std::max(1.f, width - 1), h},
             ui::expert_color(static_cast<int64_t>(e)));
  }
  ui::hline(area.x, area.right(), area.bottom() - area.h / top, ui::theme().dim);
}

}  // namespace

LayerHealth health_of(const ExpertLoad& load) {
  LayerHealth h;
  double total = 0;
  for (size_t e = 0; e < load.load.size(); ++e) {
    const float share = load.load[e];
    if (!std::isfinite(share)) continue;
    total += share;
    h.dead += share < kDead;
    if (h.busiest < 0 || share > h.overload) h.busiest = static_cast<int64_t>(e), h.overload = share;
  }
  h.importance_cv = variation(load.importance);
  h.relative_entropy = load.entropy_max > 0 ? load.entropy / load.entropy_max : 1;
  const auto experts = static_cast<int64_t>(load.load.size());
  if (experts < 4 || total <= 0) return h;
  const double part = h.overload / total;
  if (part > 0.5)
    h.why = "E" + std::to_string(h.busiest) + " takes " + ui::percent(part) + " of the work";
  else if (experts - h.dead < (experts + 3) / 4)
    h.why = std::to_string(h.dead) + " of " + std::to_string(experts) + " experts are dead";
  h.collapsed = !h.why.empty();
  return h;
}

void draw_layer_health(const Rect& inside, const Seen& seen, Selection& selection) {
  const ui::Theme& t = ui::theme();
  if (!seen.snapshot || seen.snapshot->layers.empty())
    return draw_state(inside, Mood::loading, "No load yet", "The table fills with the first training step.");
  const std::vector<ExpertLoad>& layers = seen.snapshot->layers;
  Rect rest = inside;
  Rect head = rest.cut_top(px(20));
  const std::string set = layers.front().token_set + ", " + ui::grouped(layers.front().num_tokens) + " tokens a layer";
  ui::text_in(rest.cut_bottom(px(18)), Face::small, t.faint,
              ui::fitting(Face::small, rest.w, {set, layers.front().token_set}));
  head.cut_left(px(34));
  const float skyline = std::max(px(40), head.w - px(348));
  head.cut_left(skyline);
  for (const Column& column : kColumns) {
    const Rect cell = head.cut_left(px(column.width));
    ui::text_in(cell, Face::small, t.dim, ui::fitting(Face::small, cell.w, {column.name}), ui::Align::right);
    ui::tip(cell, {column.name, column.tip, column.formula, "V-MoE, arXiv 2106.05974, appendix A"});
  }
  const float height = px(kRow) * static_cast<float>(layers.size());
  const ui::ScrollArea scroll("layers", rest, height);
  const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(layers.size()), px(kRow));
  for (int64_t i = first; i < last; ++i) {
    const ExpertLoad& load = layers[static_cast<size_t>(i)];
    const LayerHealth health = health_of(load);
    Rect row{scroll.content().x, scroll.content().y + static_cast<float>(i) * px(kRow), scroll.content().w, px(kRow)};
    ImGui::PushID(static_cast<int>(i));
    const ui::Hit h = ui::hit("row", row);
    ImGui::PopID();
    if (h.clicked) selection.layer = load.layer;
    if (load.layer == selection.layer || h.hovered) ui::fill(row, t.raised, px(4));
    const ImU32 ink = health.collapsed ? t.bad : t.text;
    ui::text_in(row.cut_left(px(34)), Face::mono, ink, " " + std::to_string(load.layer));
    const Rect bars = row.cut_left(skyline);
    draw_skyline({bars.x, bars.y + px(3), bars.w - px(8), bars.h - px(6)}, load);
    for (size_t c = 0; c < std::size(kColumns); ++c) {
      const bool warn = (c == 5 && health.dead > 0) || (c == 4 && load.dropped > 0.1);
      ui::text_in(row.cut_left(px(kColumns[c].width)), Face::mono,
                  health.collapsed ? t.bad
                  : warn           ? t.warn
                                   : t.dim,
                  cell_text(c, load, health), ui::Align::right);
    }
    if (h.hovered)
      ui::tip(scroll.content(), {layer_name(load.layer) + (health.collapsed ? ", collapsed" : ""),
                                 health.why.empty() ? load.token_set : health.why + "; " + load.token_set});
  }
}

}  // namespace moescope::panels
