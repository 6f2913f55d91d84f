// Two lines a recipe: its claim, and below it what became of it.
#include "widgets/panels/recipe_list.h"

#include "widgets/ui/controls.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kLine = 48, kId = 42;

bool draw_line(Rect row, const RecipeLine& line, bool chosen) {
  const ui::Theme& t = ui::theme();
  const ui::Hit hit = ui::hit("line", row);
  if (chosen || hit.hovered) ui::fill(row, ui::fade(t.accent, chosen ? 0.14f : 0.06f), px(4));
  if (chosen) ui::fill({row.x, row.y + px(6), px(3), row.h - px(12)}, t.accent, px(1.5f));
  row = row.inset(px(8), px(5));
  row.cut_left(px(2));
  ui::text_in(row.cut_left(px(kId)).cut_top(px(19)), Face::mono, t.dim, line.id);
  const Rect title = row.cut_top(px(19));
  ui::text_in(title, Face::body, t.text, ui::fit_text(Face::body, line.title, title.w));
  if (hit.hovered) ui::tip(title, {line.title, line.progress});
  if (!line.verdict) {
    ui::text_in(row, Face::small, t.faint, "not run");
    return hit.clicked;
  }
  const ImU32 color = verdict_color(*line.verdict);
  ui::canvas().AddCircleFilled({row.x + px(4), row.center_y()}, px(4), color, 16);
  row.cut_left(px(14));
  ui::text_in(row, Face::small, color, verdict_name(*line.verdict));
  ui::text_in(row, Face::small, t.dim, line.progress, ui::Align::right);
  return hit.clicked;
}

}  // namespace

ImU32 verdict_color(Verdict verdict) {
  const ui::Theme& t = ui::theme();
  switch (verdict) {
    case Verdict::reproduced: return t.good;
    case Verdict::not_reproduced: return t.bad;
    case Verdict::not_settled: break;
  }
  return t.warn;
}

int64_t draw_recipe_list(const Rect& area, std::span<const RecipeLine> lines, int64_t chosen, bool follow) {
  const Rect inside = ui::panel(area, "Recipes", std::to_string(lines.size()) + " claims of the papers");
  const ui::ScrollArea scroll("recipes", inside, px(kLine) * static_cast<float>(lines.size()));
  if (follow) scroll.bring_into_view(chosen, px(kLine));
  const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(lines.size()), px(kLine));
  int64_t clicked = -1;
  for (int64_t i = first; i < last; ++i) {
    const Rect& c = scroll.content();
    ImGui::PushID(static_cast<int>(i));
    if (draw_line({c.x, c.y + px(kLine) * static_cast<float>(i), c.w, px(kLine)}, lines[static_cast<size_t>(i)],
                  i == chosen))
      clicked = i;
    ImGui::PopID();
  }
  return clicked;
}

}  // namespace moescope::panels
