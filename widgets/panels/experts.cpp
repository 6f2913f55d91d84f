// The experts of one layer.
#include "widgets/panels/experts.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "widgets/panels/shown.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRowHeight = 22;

std::string context_text(const ExpertLoad& load) {
  std::string text = "load CV " + ui::fixed(load.load_cv, 2) + "   entropy " + ui::fixed(load.entropy, 2) + " / " +
                     ui::fixed(load.entropy_max, 2) + " nats";
  if (load.router != RouterKind::soft) text += "   dropped " + ui::percent(load.dropped);
  return text;
}

/// The load of the last training batch; before there was one, that of the image on view, kept in `own`.
const ExpertLoad* shown_load(const Seen& seen, const Selection& selection, std::optional<ExpertLoad>& own) {
  if (!seen.snapshot) return nullptr;
  if (const ExpertLoad* load = find_load(*seen.snapshot, selection.layer)) return load;
  const RoutingMap* map = shown_map(seen, selection);
  if (map) own = load_of(*map);
  return own ? &*own : nullptr;
}

void draw_eye(const Rect& box, bool open, ImU32 color) {
  ImDrawList& list = ui::canvas();
  const ImVec2 c{box.x + box.w / 2, box.center_y()};
  const float w = px(6), h = px(4);
  list.AddBezierQuadratic({c.x - w, c.y}, {c.x, c.y - 2 * h}, {c.x + w, c.y}, color, px(1.3f));
  list.AddBezierQuadratic({c.x - w, c.y}, {c.x, c.y + 2 * h}, {c.x + w, c.y}, color, px(1.3f));
  if (open)
    list.AddCircleFilled(c, px(1.8f), color, 12);
  else
    list.AddLine({c.x - w, c.y + h}, {c.x + w, c.y - h}, color, px(1.3f));
}

}  // namespace

std::string Experts::word(const ExpertLoad& load, int64_t expert, bool off, bool of_image) {
  if (off) return "off";
  const float share = load.load[static_cast<size_t>(expert)];
  if (share < 0.005f) return of_image ? "unused" : "dead";
  // A choice of tokens can fill a buffer; Experts Choice fills every buffer by construction and Soft MoE has none.
  const bool can_fill = load.router == RouterKind::tokens_choice && load.actual_capacity_factor > 0;
  return can_fill && share >= load.actual_capacity_factor * 0.9995 ? "full" : "";
}

float Experts::preferred_height(const Seen& seen, const Selection& selection) {
  std::optional<ExpertLoad> own;
  const ExpertLoad* load = shown_load(seen, selection, own);
  const size_t rows = load ? std::clamp<size_t>(load->load.size(), 6, 16) : 16;
  return px(ui::kHeader + ui::kInset) + static_cast<float>(rows) * px(kRowHeight);
}

double Experts::bar_top(const ExpertLoad& load) {
  float largest = 0;
  for (const float share : load.load)
    if (std::isfinite(share)) largest = std::max(largest, share);
  for (const double top : {2.2, 4.4, 8.8, 17.6, 35.2})
    if (largest <= top) return top;
  return largest;
}

void Experts::take_keys(const Seen& seen, Selection& selection) {
  const ExpertLoad* load = seen.snapshot ? find_load(*seen.snapshot, selection.layer) : nullptr;
  const RoutingMap* map = shown_map(seen, selection);
  const int64_t count = load ? static_cast<int64_t>(load->load.size()) : map ? map->num_experts : 0;
  const int move = ui::typed(']') - ui::typed('[');
  if (move != 0 && count > 0) {
    const int64_t from = selection.pinned.expert < 0 && move < 0 ? 0 : selection.pinned.expert;
    selection.pinned.expert = (from + move + count) % count;
    selection.pinned.slot = -1;
  }
  std::optional<ExpertOff>& held = selection.asking.held_off;
  const int64_t pointed = selection.expert();
  if (!ui::key_held('x'))
    held.reset();
  else if (!held && pointed >= 0 && pointed < count && !is_off(selection.asking.lasting, selection.layer, pointed))
    held = ExpertOff{selection.layer, pointed};
}

void Experts::draw_row(const Rect& area, const ExpertLoad& load, int64_t expert, bool off, bool of_image,
                       Selection& selection) {
  const ui::Theme& t = ui::theme();
  const auto e = static_cast<size_t>(expert);
  const bool pointed = selection.expert() == expert;
  if (pointed) ui::fill(area.inset(-px(6), 0), t.raised, px(4));
  Rect row = area;
  const float alpha = off ? 0.35f : 1.f;
  const Rect swatch = row.cut_left(px(14));
  ui::expert_swatch(swatch, expert, alpha);
  row.cut_left(px(8));
  ui::text_in(row.cut_left(px(38)), Face::mono, off ? t.faint : t.text, "E" + std::to_string(expert));

  Rect eye = row.cut_right(px(22));
  ImGui::PushID(static_cast<int>(expert));
  const ui::Hit h = ui::hit("eye", eye);
  ImGui::PopID();
  if (h.clicked) set_off(selection.asking.lasting, selection.layer, expert, !off);
  if (h.hovered)
    ui::tip(eye, {off ? "Turn on" : "Turn off  (hold X)",
                  "Off, the expert takes no patch of the image on view. Training goes on with all experts."});
  if (off || pointed || h.hovered) draw_eye(eye, !off, h.hovered ? t.accent : off ? t.warn : t.dim);

  const std::string state = word(load, expert, off, of_image);
  const ImU32 state_color = state == "dead" ? t.bad : state == "unused" ? t.dim : t.warn;
  ui::text_in(row.cut_right(px(44)), Face::small, state_color, state);
  row.cut_right(px(10));
  ui::text_in(row.cut_right(px(40)), Face::mono, off ? t.faint : t.dim, ui::fixed(load.load[e], 2), ui::Align::right);
  row.cut_right(px(12));
  const double top = bar_top(load);
  const Rect bar{row.x, std::round(row.center_y() - px(4)), row.w, px(8)};
  ui::load_bar(bar, load.load[e], top, 1, ui::fade(ui::expert_color(expert), alpha));
  const bool other = load.router != RouterKind::soft && e < load.importance.size() && std::isfinite(load.importance[e]);
  if (other) {  // importance rides on the bar as a small diamond
    const float x = bar.x + static_cast<float>(std::clamp(load.importance[e] / top, 0.0, 1.0)) * bar.w,
                y = bar.center_y(), d = px(3.5f);
    ui::canvas().AddQuadFilled({x, y - d}, {x + d, y}, {x, y + d}, {x - d, y}, off ? t.faint : t.text);
  }
  if (!ui::hovering(area)) return;
  selection.hovering.expert = expert;
  if (!h.hovered && ImGui::IsMouseClicked(0)) selection.pinned.expert = selection.pinned.expert == expert ? -1 : expert;
  if (!h.hovered) {
    const std::string numbers = "load " + ui::fixed(load.load[e], 3) + "× fair" +
                                (other ? "\nimportance " + ui::fixed(load.importance[e], 3) + "× fair" : "");
    ui::tip(area, {"Expert " + std::to_string(expert),
                   other ? "Bar: load. Diamond: importance. Tick: the fair share."
                         : "Bar: summed combine weights. Tick: the fair share.",
                   numbers, load.token_set});
  }
}

void Experts::draw_ui(const Rect& area, const Seen& seen, Selection& selection) {
  const WhatIf asked = selection.asking.now();
  std::optional<ExpertLoad> own;
  const ExpertLoad* load = shown_load(seen, selection, own);
  const bool of_image = own.has_value() || !seen.stored_model.empty();
  ImGui::PushID("experts");
  const std::string of_step = !seen.stored_model.empty() ? "step " + ui::grouped(seen.snapshot->step) + "   "
                              : own                      ? "this image   "
                                                         : "batch   ";
  const std::string context = load ? of_step + context_text(*load) : "";
  const std::string brief = load ? of_step + "load CV " + ui::fixed(load->load_cv, 2) : "";
  const Rect inside = ui::panel(area, "Experts", context, brief);
  if (load) {
    const std::string drop = load->router == RouterKind::soft
                                 ? ""
                                 : "\nchoices without a slot " + ui::percent(load->dropped_choices) +
                                       "\nslots filled " + ui::percent(load->capacity_use);
    ui::tip({area.x, area.y, area.w, px(ui::kHeader)},
            {"Balance",
             "Over " + load->token_set +
                 ". Entropy is that of a token's gates, averaged; its largest value is a uniform choice.",
             "CV = std(load) / mean(load)" + drop, "V-MoE, arXiv 2106.05974, appendix A"});
  }
  const auto count = load ? static_cast<int64_t>(load->load.size()) : 0;
  if (count == 0) {
    const bool dense = seen.snapshot && seen.snapshot->config.router.kind == RouterKind::dense;
    draw_state(inside, dense ? Mood::empty : Mood::loading, dense ? "No experts" : "No load yet",
               dense ? "A dense model has one MLP a block." : "The bars fill with the first training step.");
  } else {
    // Rows share the height evenly when they fit, so that 8 or 16 experts fill the panel.
    const float row_height = std::floor(std::clamp(inside.h / static_cast<float>(count), px(kRowHeight), px(30)));
    const Rect wide{inside.x - px(6), inside.y, inside.w + px(12), inside.h};
    const ui::ScrollArea scroll("rows", wide, row_height * static_cast<float>(count));
    const auto [first, last] = scroll.rows_in_view(count, row_height);
    for (int64_t e = first; e < last; ++e) {
      const Rect& content = scroll.content();
      draw_row({content.x + px(6), content.y + static_cast<float>(e) * row_height, content.w - px(12), row_height},
               *load, e, is_off(asked, selection.layer, e), of_image, selection);
    }
  }
  ImGui::PopID();
}

}  // namespace moescope::panels
