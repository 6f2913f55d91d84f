// One row a difference, one column a run.
#include "widgets/panels/differences.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/states.h"
#include "widgets/plots/scene_painter.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 24, kLeastColumn = 74;

/// The width of the names, and of each run's column: at least so wide, so that with many runs the last ones have none.
std::pair<float, float> columns_in(float width, float names, size_t runs) {
  const float each = std::max(px(kLeastColumn), (width - names) / static_cast<float>(std::max<size_t>(1, runs)));
  return {names, std::min(each, px(170))};
}

void draw_run_headings(Rect line, const RunComparison& comparison, float names, float each) {
  line.cut_left(names);
  for (size_t i = 0; i < comparison.labels.size() && line.w >= each; ++i) {
    Rect cell = line.cut_left(each);
    cell.cut_left(px(8));
    const Rect swatch = cell.cut_left(px(10));
    const int64_t color = i < comparison.colors.size() ? comparison.colors[i] : 0;
    ui::fill({swatch.x, std::round(swatch.center_y() - px(4)), px(8), px(8)}, plots::series_color(color), px(2));
    cell.cut_left(px(4));
    ui::text_in(cell, Face::small, ui::theme().dim, ui::fit_text(Face::small, comparison.labels[i], cell.w));
    ui::tip(cell, {comparison.labels[i], ""});
  }
}

void draw_values(Rect line, const ComparedValue& value, float names, float each) {
  const ui::Theme& t = ui::theme();
  const Rect name = line.cut_left(names);
  ui::text_in(name, Face::small, t.dim, ui::fit_text(Face::small, value.name, name.w - px(8)));
  for (size_t i = 0; i < value.values.size() && line.w >= each; ++i) {
    Rect cell = line.cut_left(each);
    cell.cut_left(px(8));
    const bool other = value.values[i] != value.values.front();
    const bool turned = i < value.turned.size() && value.turned[i] != 0;
    ui::text_in(cell, Face::mono,
                turned            ? t.warn
                : other || i == 0 ? t.text
                                  : t.dim,
                ui::fit_text(Face::mono, value.values[i], cell.w));
    if (turned) ui::tip(cell, {value.name + " = " + value.values[i], "A knob changed it while the run trained."});
  }
}

void draw_knob(Rect line, const ComparedKnob& knob, float names, float each) {
  const ui::Theme& t = ui::theme();
  Rect name = line.cut_left(names);
  ui::text_in(name.cut_left(px(64)), Face::mono, t.dim, ui::grouped(knob.step));
  ui::text_in(name, Face::small, t.text, ui::fit_text(Face::small, knob.text, name.w - px(8)));
  ui::tip(name, {knob.text, "at step " + ui::grouped(knob.step)});
  for (size_t i = 0; i < knob.in_run.size() && line.w >= each; ++i) {
    const Rect cell = line.cut_left(each);
    const ImVec2 center{cell.x + px(13), cell.center_y()};
    if (knob.in_run[i])
      ui::canvas().AddCircleFilled(center, px(4), t.warn, 16);
    else
      ui::canvas().AddCircle(center, px(4), t.faint, 16, px(1));
  }
}

/// "2 of 5 runs have room", empty when all have.
std::string left_out(const RunComparison& comparison, float width, float names, float each) {
  const auto fit = static_cast<size_t>(std::max(0.f, (width - names) / each + 0.01f)), all = comparison.labels.size();
  return fit >= all ? std::string() : std::to_string(fit) + " of " + std::to_string(all) + " runs have room";
}

std::string summary(const RunComparison& comparison) {
  const size_t settings = comparison.settings.size(), knobs = comparison.knobs.size();
  return std::to_string(settings) + (settings == 1 ? " setting, " : " settings, ") + std::to_string(knobs) +
         (knobs == 1 ? " knob" : " knobs");
}

}  // namespace

void Differences::draw_ui(const Rect& area, const RunComparison* comparison) {
  static constexpr std::string_view kTabs[] = {"Settings", "Knobs", "Results"};
  const bool usable = comparison && comparison->refusal.empty() && comparison->labels.size() >= 2;
  ImGui::PushID("differences");
  Rect inside = ui::tab_panel(area, kTabs, tab_, usable ? summary(*comparison) : std::string());
  const std::vector<ComparedValue>* values = !usable     ? nullptr
                                             : tab_ == 0 ? &comparison->settings
                                             : tab_ == 2 ? &comparison->results
                                                         : nullptr;
  if (comparison && !comparison->refusal.empty()) {
    draw_state(inside, Mood::failed, "They cannot be compared", comparison->refusal);
  } else if (!usable) {
    draw_state(inside, Mood::empty, "What differs", "Choose two runs or more in the table: a click, or X.");
  } else if ((values && values->empty()) || (tab_ == 1 && comparison->knobs.empty())) {
    draw_state(inside, Mood::empty, tab_ == 0 ? "No setting differs" : "No knob differs",
               tab_ == 0 ? "They were made of one configuration, their names aside."
                         : "No knob was turned in one and not in another.");
  } else {
    const auto [names, each] =
        columns_in(inside.w, std::min(inside.w * 0.4f, px(tab_ == 1 ? 250.f : 190.f)), comparison->labels.size());
    const Rect heading = inside.cut_top(px(22));
    draw_run_headings(heading, *comparison, names, each);
    ui::text_in({heading.x, heading.y, names - px(8), heading.h}, Face::small, ui::theme().warn,
                ui::fitting(Face::small, names - px(8), {left_out(*comparison, inside.w, names, each)}));
    const size_t rows = values ? values->size() : comparison->knobs.size();
    const ui::ScrollArea scroll("differences", inside, px(kRow) * static_cast<float>(rows));
    const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(rows), px(kRow));
    for (int64_t row = first; row < last; ++row) {
      const Rect& c = scroll.content();
      const Rect line{c.x, c.y + px(kRow) * static_cast<float>(row), c.w, px(kRow)};
      if (values)
        draw_values(line, (*values)[static_cast<size_t>(row)], names, each);
      else
        draw_knob(line, comparison->knobs[static_cast<size_t>(row)], names, each);
    }
  }
  ImGui::PopID();
}

}  // namespace moescope::panels
