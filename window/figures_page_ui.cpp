// Where the panels of the figures page stand: the list, the picture, and beside it the form or what is known of a kept
// figure.
#include <algorithm>

#include "widgets/panels/control_tips.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"
#include "window/figures_page.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kEntry = 44;
constexpr const char* kEndings[] = {".svg", ".pdf", ".png", ".csv", ".json", ".tex"};

std::string runs_of_spec(const FigureSpec& spec) {
  std::string text;
  for (const std::string& run : spec.runs) text += (text.empty() ? "" : " ") + run.substr(0, run.find('@'));
  return (spec.runs.size() == 1 ? "run " : "runs ") + text;
}

/// "2026-11-22T20:41:07Z" -> "2026-11-22 20:41".
std::string day_and_time(const std::string& utc) {
  return utc.size() < 16 ? utc : utc.substr(0, 10) + " " + utc.substr(11, 5);
}

std::string_view about(const std::string& kind) {
  for (const auto& [name, words] : figure_kinds())
    if (name == kind) return words;
  return "";
}

/// A field's name above its box.
Rect named_line(Rect& inside, std::string_view name) {
  const Rect whole{inside.x, inside.y, inside.w, px(48)};
  panels::tip_of("figures." + std::string(name), whole);
  ui::text_in(inside.cut_top(px(20)), Face::small, ui::theme().dim, name);
  const Rect line = inside.cut_top(px(28));
  inside.cut_top(px(6));
  return line;
}

}  // namespace

void FiguresPage::draw_entry(const Rect& line, const KeptFigure& figure) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID(static_cast<int>(figure.figure_id));
  const ui::Hit hit = ui::hit("figure", line);
  ImGui::PopID();
  if (hit.clicked) figure_id_ = figure.figure_id;
  const bool on = figure.figure_id == figure_id_;
  if (on || hit.hovered) ui::fill(line, on ? t.raised : ui::fade(t.raised, 0.5f), px(5));
  if (on) ui::fill({line.x, line.y + px(6), px(3), line.h - px(12)}, t.accent, px(1.5f));
  Rect inside = line.inset(px(10), px(4));
  Rect upper = inside.cut_top(inside.h / 2);
  const std::string when = day_and_time(figure.made_at);
  ui::text_in(upper.cut_right(ui::text_width(Face::small, when) + px(4)), Face::small, t.faint, when, ui::Align::right);
  const std::string number = std::to_string(figure.figure_id);
  ui::text_in(upper.cut_left(px(30)), Face::mono, t.dim, number);
  const std::string name = figure.trouble.empty() ? figure.spec.kind : "cannot be read";
  ui::text_in(upper, Face::body, figure.trouble.empty() ? t.text : t.bad, ui::fit_text(Face::body, name, upper.w));
  inside.cut_left(px(30));
  const std::string what = figure.spec.title.empty() ? "" : "  " + figure.spec.title;
  ui::text_in(inside, Face::small, t.dim, ui::fit_text(Face::small, runs_of_spec(figure.spec) + what, inside.w));
}

void FiguresPage::draw_list(const Rect& area) {
  const size_t count = list_ ? list_->figures.size() : 0;
  Rect inside = ui::panel(area, "Figures", list_ ? std::to_string(count) + " kept" : std::string());
  const Rect fresh = inside.cut_top(px(28));
  inside.cut_top(px(8));
  if (ui::button("new", fresh, figure_id_ == 0 ? "A new figure" : "New figure like this one",
                 figure_id_ == 0 ? ui::ButtonKind::primary : ui::ButtonKind::plain))
    start_new();
  panels::tip_of("figures.new", fresh);
  if (!list_) return panels::draw_state(inside, panels::Mood::loading, "Reading the store", "");
  if (!list_->refusal.empty())
    return panels::draw_state(inside, panels::Mood::empty, "Nothing to show", list_->refusal);
  if (count == 0)
    return panels::draw_state(inside, panels::Mood::empty, "No figure yet", "What is kept here can be made again.");
  const ui::ScrollArea scroll("figures", inside, static_cast<float>(count) * px(kEntry));
  const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(count), px(kEntry));
  for (int64_t i = first; i < last; ++i) {
    const Rect line{scroll.content().x, scroll.content().y + static_cast<float>(i) * px(kEntry), scroll.content().w,
                    px(kEntry)};
    draw_entry(line, list_->figures[static_cast<size_t>(i)]);
  }
}

void FiguresPage::draw_picture(const Rect& area, const PageInput& input) {
  const KeptFigure* figure = kept();
  const std::string name = figure ? "Figure " + std::to_string(figure->figure_id) : "New figure";
  const Rect inside = ui::panel(area, name, "drag zooms, double click shows all", "drag zooms");
  if (figure && !figure->trouble.empty())
    return panels::draw_state(inside, panels::Mood::failed, "It cannot be read", figure->trouble);
  if (asked_.empty())
    return panels::draw_state(inside, panels::Mood::empty, "Choose runs",
                              "In F3, or by their numbers in the form: 1 2 3@400.");
  if (!drawn_) return panels::draw_state(inside, panels::Mood::loading, "Reading the store", "");
  if (!drawn_->refusal.empty())
    return panels::draw_state(inside, panels::Mood::empty, "Nothing to draw", drawn_->refusal);
  const plots::SceneHit hit =
      view_.draw_ui("figure", inside, drawn_->scene, colors, *input.seen.textures, crosshair_.x());
  crosshair_.follow(hit);
}

void FiguresPage::draw_curve_fields(Rect& inside) {
  static const std::string kAxes[] = {"step", "images", "gflops"};
  std::vector<std::string> keys = {"train/loss", "eval/test/accuracy", "eval/test/loss"};
  if (list_)
    for (const std::string& key : list_->metric_keys)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  ui::text_box("##metric", named_line(inside, "metric"), form_.key, "train/loss");
  if (const int clicked = ui::words(
          "keys", inside, keys, [&](size_t i) { return keys[i] == form_.key; }, 2);
      clicked >= 0)
    form_.key = keys[static_cast<size_t>(clicked)];
  const auto on = std::find(std::begin(kAxes), std::end(kAxes), form_.x) - std::begin(kAxes);
  const int axis = ui::segmented("axis", named_line(inside, "axis"), kAxes, static_cast<int>(on));
  if (axis >= 0) form_.x = kAxes[axis];
}

void FiguresPage::draw_axis_fields(Rect& inside) {
  static const std::string kCosts[] = {"gflops", "ms", "parameters"};
  if (form_.kind == "curves") draw_curve_fields(inside);
  if (form_.kind == "pareto") {
    const auto on = std::find(std::begin(kCosts), std::end(kCosts), form_.x) - std::begin(kCosts);
    const int axis = ui::segmented("costs", named_line(inside, "axis"), kCosts, static_cast<int>(on));
    if (axis >= 0) form_.x = kCosts[axis];
  }
  if (form_.kind == "curves" || form_.kind == "pareto") {
    Rect line = inside.cut_top(px(26));
    inside.cut_top(px(8));
    const Rect log_x = line.cut_left(px(70));
    line.cut_left(px(6));
    const Rect log_y = line.cut_left(px(70));
    const auto kind = [](bool on) { return on ? ui::ButtonKind::primary : ui::ButtonKind::plain; };
    panels::tip_of("figures.log_x", log_x);
    panels::tip_of("figures.log_y", log_y);
    if (ui::button("log x", log_x, "log x", kind(form_.log_x))) form_.log_x = !form_.log_x;
    if (ui::button("log y", log_y, "log y", kind(form_.log_y))) form_.log_y = !form_.log_y;
  }
  if (form_.kind == "load" || form_.kind == "ridge" || form_.kind == "routing") {
    ui::text_box("##layer", named_line(inside, "layer"), layer_text_, "the first one with experts");
  }
}

void FiguresPage::draw_form(const Rect& area) {
  Rect inside = ui::panel(area, "What it shows");
  const Rect foot = inside.cut_bottom(px(34));
  inside.cut_bottom(px(8));
  const bool whole = drawn_ && drawn_->refusal.empty();
  const Rect keep = {foot.x, foot.y + px(4), foot.w, px(28)};
  if (ui::button("keep", keep, "Keep it and write all files", ui::ButtonKind::primary, whole)) keep_or_write();
  panels::tip_of("figures.keep", keep);
  const ui::Clip clip(inside);  // a low window shows what fits
  std::vector<std::string> kinds;
  for (const auto& [name, words] : figure_kinds()) kinds.push_back(name);
  if (const int clicked = ui::words(
          "kinds", inside, kinds, [&](size_t i) { return kinds[i] == form_.kind; }, 3);
      clicked >= 0) {
    form_.kind = kinds[static_cast<size_t>(clicked)];
    form_.x = form_.kind == "pareto" ? "gflops" : "step";
  }
  const float used =
      ui::text_block({inside.x, inside.y, inside.w, px(60)}, Face::small, ui::theme().dim, about(form_.kind));
  inside.cut_top(used + px(8));
  Rect runs = named_line(inside, "runs");
  if (!chosen_text_.empty() && runs_text_ != chosen_text_) {
    const Rect take = runs.cut_right(px(92));
    runs.cut_right(px(6));
    if (ui::button("take", take, "those of F3")) runs_text_ = chosen_text_;
  }
  ui::text_box("##runs", runs, runs_text_, "1 2 3@400");
  draw_axis_fields(inside);
  ui::text_box("##title", named_line(inside, "title"), form_.title, "above the figure");
  ui::text_box("##caption", named_line(inside, "caption"), form_.caption, "below the figure");
}

void FiguresPage::draw_export(Rect& inside, const KeptFigure& figure) {
  ui::text_in(inside.cut_top(px(22)), Face::small, ui::theme().dim, "write a file");
  Rect line = inside.cut_top(px(28));
  inside.cut_top(px(10));
  const float gap = px(4), width = (line.w - 5 * gap) / 6;
  for (const char* ending : kEndings) {
    const Rect cell = line.cut_left(width);
    line.cut_left(gap);
    if (ui::button(ending, cell, ending + 1)) door->export_figure(figure.figure_id, ending);
  }
  panels::tip_of("figures.files", {inside.x, line.y, inside.w, line.h});
}

void FiguresPage::draw_kept(const Rect& area, const KeptFigure& figure) {
  const ui::Theme& t = ui::theme();
  Rect inside = ui::panel(area, "What it shows");
  const auto fact = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    Rect line = inside.cut_top(px(24));
    ui::text_in(line.cut_left(px(70)), Face::small, t.dim, name);
    if (ui::text_width(Face::small, value) > line.w) ui::tip(line, {name, value});
    ui::text_in(line, Face::small, t.text, ui::fit_text(Face::small, value, line.w));
  };
  const FigureSpec& spec = figure.spec;
  std::string runs;
  for (const std::string& run : spec.runs) runs += (runs.empty() ? "" : " ") + run;
  fact("kind", spec.kind);
  fact("runs", runs);
  if (spec.kind == "curves") fact("metric", spec.key);
  if (spec.kind == "curves" || spec.kind == "pareto")
    fact("axes", spec.x + (spec.log_x ? ", log x" : "") + (spec.log_y ? ", log y" : ""));
  if (spec.layer >= 0) fact("block", std::to_string(spec.layer));
  fact("title", spec.title);
  fact("caption", spec.caption);
  fact("made", day_and_time(figure.made_at) + " UTC");
  fact("by", "moescope " + figure.program);
  inside.cut_top(px(10));
  draw_export(inside, figure);
  const Rect check = inside.cut_top(px(28));
  inside.cut_top(px(8));
  if (ui::button("check", check, "Make it again and compare", ui::ButtonKind::primary))
    door->check_figure(figure.figure_id);
  panels::tip_of("figures.check", check);
  if (!verdict_ || verdict_->figure_id != figure.figure_id) return;
  ui::canvas().AddCircleFilled({inside.x + px(5), inside.y + px(9)}, px(4), verdict_->same ? t.good : t.bad, 16);
  inside.cut_left(px(16));
  ui::text_block(inside, Face::small, verdict_->same ? t.text : t.bad, verdict_->words);
}

void FiguresPage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  if (!door)
    return panels::draw_state(whole, panels::Mood::empty, "No store", "This window has no session store behind it.");
  crosshair_.begin_frame();
  take_keys(input);
  const float gutter = px(ui::kGutter);
  Rect area = whole;
  const Rect left = area.cut_left(std::min(px(layout_.list), area.w * 0.3f));
  ui::splitter("list", area.cut_left(gutter), true, 1, 220, 520, layout_.list);
  const Rect right = area.cut_right(std::min(px(layout_.form), area.w * 0.45f));
  ui::splitter("form", area.cut_right(gutter), true, -1, 260, 560, layout_.form);
  draw_list(left);
  draw_picture(area, input);
  if (const KeptFigure* figure = kept())
    draw_kept(right, *figure);
  else
    draw_form(right);
  ask();
}

}  // namespace moescope
