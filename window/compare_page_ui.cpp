// Where the panels of the compare page stand, and what stands in the upper right one.
#include <algorithm>
#include <cmath>

#include "widgets/panels/control_tips.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"
#include "window/compare_page.h"
#include "window/process_jobs.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr std::string_view kViews[] = {"Curves", "Compute", "Images", "Settings"};
const std::string kCostAxes[] = {"GFLOPs/image", "ms/image", "parameters"};
const std::string kCostSpecs[] = {"gflops", "ms", "parameters"};
const std::string kCurveAxes[] = {"step", "images", "gflops"};

}  // namespace

/// The metrics that the chosen runs have, as many as fit; a click shows one. The one on view is always among them.
void ComparePage::draw_metric_choice(Rect& inside) {
  Rect line = inside.cut_top(px(26));
  inside.cut_top(px(6));
  const Rect axis = line.cut_right(std::min(px(210), line.w * 0.4f));
  line.cut_right(px(8));
  const Rect log = line.cut_right(px(52));
  line.cut_right(px(4));
  const Rect log_x = line.cut_right(px(52));
  line.cut_right(px(8));
  panels::tip_of("compare.axis", axis);
  panels::tip_of("compare.log_y", log);
  panels::tip_of("compare.log_x", log_x);
  const auto chosen_axis =
      std::find(std::begin(kCurveAxes), std::end(kCurveAxes), curve_axis_) - std::begin(kCurveAxes);
  const int clicked = ui::segmented("axis", axis, kCurveAxes, static_cast<int>(chosen_axis));
  if (clicked >= 0) curve_axis_ = kCurveAxes[clicked], curve_view_.fit();
  if (ui::button("log", log, "log y", log_y_ ? ui::ButtonKind::primary : ui::ButtonKind::plain)) log_y_ = !log_y_;
  if (ui::button("log x", log_x, "log x", log_x_ ? ui::ButtonKind::primary : ui::ButtonKind::plain))
    log_x_ = !log_x_, curve_view_.fit();
  std::vector<std::string> keys = {"train/loss", "eval/test/accuracy", "train/accuracy", "eval/test/loss"};
  if (comparison_)
    for (const std::string& key : comparison_->metric_keys)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  FigureSpec spec;
  spec.key = metric_;
  const std::vector<std::string> shown = figure_keys(spec);
  const auto is_shown = [&](const std::string& key) {
    return std::find(shown.begin(), shown.end(), key) != shown.end();
  };
  std::stable_partition(keys.begin(), keys.end(), is_shown);
  for (size_t i = 0; i < keys.size(); ++i) {
    const float width = ui::text_width(Face::small, keys[i]) + px(16);
    if (width > line.w) break;
    const Rect cell = line.cut_left(width);
    line.cut_left(px(4));
    if (ui::button(keys[i].c_str(), cell, keys[i], ui::ButtonKind::quiet))
      choose_metric(keys[i], ImGui::GetIO().KeyShift);
    panels::tip_of("compare.metric", cell);
    if (is_shown(keys[i]))
      ui::fill({cell.x + px(8), cell.bottom() - px(3), cell.w - px(16), px(2)}, ui::theme().accent);
  }
}

void ComparePage::draw_axis_choice(Rect& inside) {
  Rect line = inside.cut_top(px(26));
  inside.cut_top(px(6));
  panels::tip_of("compare.cost", line);
  const auto chosen = std::find(std::begin(kCostSpecs), std::end(kCostSpecs), cost_axis_) - std::begin(kCostSpecs);
  const int clicked =
      ui::segmented("cost", line.cut_left(std::min(line.w, px(330))), kCostAxes, static_cast<int>(chosen));
  if (clicked >= 0) cost_axis_ = kCostSpecs[clicked], cost_view_.fit();
  line.cut_left(px(12));
  ui::text_in(line, Face::small, ui::theme().dim,
              ui::fitting(Face::small, line.w, {"dimmed: another run reaches as much for no more", "dimmed: beaten"}));
}

/// Which stored checkpoint of each run is looked through.
void ComparePage::draw_moments(Rect& inside) {
  if (!comparison_ || comparison_->checkpoints.empty()) return;
  Rect line = inside.cut_top(px(26));
  inside.cut_top(px(6));
  const float half = (line.w - px(16)) / 2;
  for (const bool b : {false, true}) {
    Rect part = line.cut_left(half);
    line.cut_left(px(16));
    const std::vector<int64_t>& steps = b ? comparison_->checkpoints.back() : comparison_->checkpoints.front();
    int64_t& step = b ? step_b_ : step_a_;
    if (steps.empty()) continue;
    ui::text_in(part.cut_left(px(20)), Face::title, ui::theme().text, b ? "B" : "A");
    const auto at = std::find(steps.begin(), steps.end(), step);
    const bool first_of_one = !b && table_panel_.chosen().size() == 1 && step_a_ < 0;
    double place = static_cast<double>(at != steps.end() ? at - steps.begin()
                                       : first_of_one    ? 0
                                                         : std::ssize(steps) - 1);
    const std::string text = "step " + ui::grouped(steps[static_cast<size_t>(place)]);
    const Rect number = part.cut_right(px(92));
    ui::text_in(number, Face::mono, ui::theme().text, text, ui::Align::right);
    ui::tip(number, {"Checkpoint", std::to_string(steps.size()) + " are stored of this run."});
    part.cut_right(px(10));
    if (steps.size() < 2) continue;
    const ui::SliderScale scale{0, static_cast<double>(steps.size() - 1), false, true, false};
    panels::tip_of("compare.checkpoint", part);
    const bool moved = ui::slider(b ? "step b" : "step a", part, scale, place, ui::theme().accent).changed;
    if (moved) step = steps[static_cast<size_t>(std::llround(place))];
  }
}

void ComparePage::draw_figure(const Rect& area, CompareView view, const PageInput& input) {
  const auto found = figures_.find(static_cast<int64_t>(view));
  if (view == CompareView::curves && table_panel_.chosen().empty() && table_ && table_->num_rows == 0)
    return panels::draw_state(area, panels::Mood::empty, "No run in the table",
                              "Runs appear here as they are stored; a filter may hide them.");
  if (view == CompareView::settings && table_panel_.chosen().size() < 2)
    return panels::draw_state(area, panels::Mood::empty, "Settings of several runs", "Choose two runs or more.");
  if (found == figures_.end()) return panels::draw_state(area, panels::Mood::loading, "Reading the store", "");
  const FigureAnswer& answer = *found->second;
  if (!answer.refusal.empty()) return panels::draw_state(area, panels::Mood::empty, "Nothing to draw", answer.refusal);
  const plots::SceneHit hit = scene_view(view).draw_ui(kViews[static_cast<size_t>(view)].data(), area, answer.scene,
                                                       colors, *input.seen.textures, crosshair_.x());
  crosshair_.follow(hit);
  if (hit.clicked && hit.point >= 0 && static_cast<size_t>(hit.point) < answer.run_of_point.size())
    table_panel_.choose({answer.run_of_point[static_cast<size_t>(hit.point)], -1});
}

void ComparePage::draw_view(const Rect& area, const PageInput& input) {
  const auto view = static_cast<CompareView>(view_);
  ImGui::PushID("view");
  const std::string context =
      view == CompareView::images ? std::string() : "drag zooms, double click shows all, Ctrl+E saves";
  Rect inside = ui::tab_panel(area, kViews, view_, context, "Ctrl+E saves");
  if (view == CompareView::curves) draw_metric_choice(inside);
  if (view == CompareView::compute) draw_axis_choice(inside);
  if (view != CompareView::images) {
    draw_figure(inside, view, input);
  } else if (pair_moments().empty()) {
    panels::draw_state(inside, panels::Mood::empty, "One image, two models",
                       "Choose two runs, or one: its first and its last checkpoint.");
  } else {
    draw_moments(inside);
    const bool waiting = asked_pair_ && (!pair_ || pair_->request.id != asked_pair_->id);
    pair_picture_.draw_ui(inside, pair_.get(), waiting, pair_selection_, *input.seen.textures);
  }
  ImGui::PopID();
}

void ComparePage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  if (!door)
    return panels::draw_state(whole, panels::Mood::empty, "No store", "This window has no session store behind it.");
  pair_selection_.begin_frame();
  crosshair_.begin_frame();
  take_keys(input);
  const float gutter = px(ui::kGutter);
  Rect area = whole;
  if (!jobs_.empty()) {
    draw_job_strip(area.cut_bottom(job_strip_height(jobs_)), jobs_, *door);
    area.cut_bottom(gutter);
  }
  Rect left = table_large_ ? area : area.cut_left(std::clamp(px(layout_.table), area.w * 0.25f, area.w * 0.44f));
  const std::vector<int64_t> run_colors = comparison_ ? comparison_->colors : std::vector<int64_t>();
  panels::RunTableActs acts;
  table_panel_.draw_ui(left, table_.get(), run_colors, acts);
  if (!table_large_) {
    ui::splitter("table", area.cut_left(gutter), true, 1, 320, 1100, layout_.table);
    Rect lower = area.cut_bottom(std::min(px(layout_.lower), area.h * 0.5f));
    ui::splitter("lower", area.cut_bottom(gutter), false, -1, 150, 520, layout_.lower);
    draw_view(area, input);
    const bool pair = view_ == static_cast<int>(CompareView::images) && !pair_moments().empty();
    if (pair) {  // else what differs has the whole row: many runs are many columns
      const float row = lower.w - gutter;
      Rect routing = lower.cut_right(std::floor(row * (1 - layout_.differences_share)));
      const Rect between = lower.cut_right(gutter);
      float width = lower.w / ui::look().scale;
      ui::splitter("differences", between, true, 1, 200, row / ui::look().scale - 200, width);
      if (ImGui::IsItemActive()) layout_.differences_share = width * ui::look().scale / row;
      pair_routing_.draw_ui(routing, pair_.get(), pair_selection_, *input.seen.textures);
    }
    differences_.draw_ui(lower, comparison_.get());
  }
  act(acts);
  ask(input);
  experiments_.draw_ui({0, 0, ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y}, *door);
  table_panel_.draw_columns_sheet({0, 0, ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y}, table_.get());
}

}  // namespace moescope
