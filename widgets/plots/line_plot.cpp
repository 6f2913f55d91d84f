// Lines over steps.
#include "widgets/plots/line_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/polyline.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::plots {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct Drawn {
  const Line* line = nullptr;
  std::vector<Column> columns;
};

struct Scene {
  Rect plot;
  int64_t first = 0, last = 1;
  Axis left, right;
  std::vector<Drawn> lines;
  bool has_left = false, has_right = false;

  float x_of(double step) const {
    return plot.x +
           static_cast<float>((step - static_cast<double>(first)) / static_cast<double>(last - first)) * plot.w;
  }
  float y_of(const Line& line, double value) const {
    const double share = (line.right_axis ? right : left).share(value);
    return plot.bottom() - static_cast<float>(std::clamp(share, 0.0, 1.0)) * plot.h;
  }
};

void find_steps(Scene& scene, const LinePlot& plot) {
  bool any = false;
  for (const Line& line : plot.lines) {
    if (!line.series || line.series->empty()) continue;
    scene.first = any ? std::min(scene.first, line.series->first_step()) : line.series->first_step();
    scene.last = any ? std::max(scene.last, line.series->last_step()) : line.series->last_step();
    any = true;
  }
  scene.first = std::min<int64_t>(scene.first, 1);  // every plot begins where the run does
  scene.last = std::max(scene.last, scene.first + 1);
}

/// Ranges from what is drawn. The band's extremes count, except that a few outliers at the start must not flatten the
/// rest: the upper end is the largest column mean and the 98th percentile of the column maxima, whichever is higher.
void find_values(Scene& scene, const LinePlot& plot) {
  std::vector<float> highs[2];
  double low[2] = {INFINITY, INFINITY}, mean_high[2] = {-INFINITY, -INFINITY};
  for (const Drawn& drawn : scene.lines)
    for (const Column& column : drawn.columns) {
      if (column.count == 0) continue;
      const size_t side = drawn.line->right_axis ? 1 : 0;
      highs[side].push_back(column.max);
      low[side] = std::min<double>(low[side], column.min);
      mean_high[side] = std::max<double>(mean_high[side], column.mean);
    }
  for (size_t side = 0; side < 2; ++side) {
    if (highs[side].empty()) continue;
    auto nth = highs[side].begin() + static_cast<std::ptrdiff_t>(0.98 * static_cast<double>(highs[side].size() - 1));
    std::nth_element(highs[side].begin(), nth, highs[side].end());
    const double high = std::max<double>(mean_high[side], *nth);
    const bool fixed_top = side == 1 && plot.right_top > 0;
    const bool zero = side == 0 ? plot.left_from_zero : fixed_top;
    const int ticks = std::clamp(static_cast<int>(scene.plot.h / px(24)), 2, 5);
    (side == 0 ? scene.left : scene.right) = round_axis(zero ? 0 : low[side], fixed_top ? plot.right_top : high, ticks);
    (side == 0 ? scene.has_left : scene.has_right) = true;
  }
}

void draw_axes(const Scene& scene) {
  const ui::Theme& t = ui::theme();
  const Axis& grid = scene.has_left ? scene.left : scene.right;
  for (const double tick : grid.ticks) {
    const float y = scene.plot.bottom() - static_cast<float>(grid.share(tick)) * scene.plot.h;
    ui::hline(scene.plot.x, scene.plot.right(), y, t.line);
  }
  auto label = [&](const Axis& axis, double tick, const Rect& column, ui::Align align) {
    const float y = scene.plot.bottom() - static_cast<float>(axis.share(tick)) * scene.plot.h;
    ui::text_in({column.x, y - px(8), column.w, px(16)}, Face::mono, t.faint, tick_label(axis, tick), align);
  };
  if (scene.has_left)
    for (const double tick : scene.left.ticks)
      label(scene.left, tick, {scene.plot.x - px(48), 0, px(42), 0}, ui::Align::right);
  if (scene.has_right)
    for (const double tick : scene.right.ticks)
      label(scene.right, tick, {scene.plot.right() + px(6), 0, px(42), 0}, ui::Align::left);
  const Axis steps = step_axis(static_cast<double>(scene.first), static_cast<double>(scene.last),
                               std::max(2, static_cast<int>(scene.plot.w / px(64))));
  for (const double tick : steps.ticks) {
    const float half = px(40), x = std::clamp(scene.x_of(tick), scene.plot.x, scene.plot.right());
    ui::text_in({x - half, scene.plot.bottom() + px(4), 2 * half, px(16)}, Face::mono, t.faint, tick_label(steps, tick),
                ui::Align::center);
  }
}

void draw_line(const Scene& scene, const Drawn& drawn) {
  const Line& line = *drawn.line;
  ImDrawList& list = ui::canvas();
  std::vector<ImVec2> mean, upper, lower;
  const float column_width = scene.plot.w / static_cast<float>(drawn.columns.size());
  for (size_t c = 0; c < drawn.columns.size(); ++c) {
    const Column& column = drawn.columns[c];
    const float x = scene.plot.x + (static_cast<float>(c) + 0.5f) * column_width;
    if (column.bad > 0) {  // NaN and infinities are values like others: a tick at the foot of the plot
      ui::vline(x, scene.plot.bottom() - px(8), scene.plot.bottom(), ui::theme().bad, px(1));
    }
    if (column.count == 0) continue;
    mean.push_back({x, scene.y_of(line, column.mean)});
    upper.push_back({x, scene.y_of(line, column.max)});
    lower.push_back({x, scene.y_of(line, column.min)});
  }
  if (!line.dots) draw_band(list, upper, lower, ui::fade(line.color, ui::theme().dark ? 0.22f : 0.18f));
  draw_polyline(list, mean, line.color, px(1.6f));
  if (line.dots || mean.size() == 1)
    for (const ImVec2& p : mean) list.AddCircleFilled(p, px(3), line.color, 16);
}

void draw_marks(const Scene& scene, const LinePlot& plot) {
  const ui::Theme& t = ui::theme();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  float last_x = -1e9f;
  for (const EventMark& mark : plot.marks) {
    if (mark.step < scene.first || mark.step > scene.last) continue;
    const float x = scene.x_of(static_cast<double>(mark.step));
    const Rect touch{x - px(4), scene.plot.y, px(8), scene.plot.h};
    if (x - last_x >= 2) ui::vline(x, scene.plot.y, scene.plot.bottom(), ui::fade(t.warn, 0.55f), px(1));
    last_x = x;
    if (ui::hovering(touch) && std::abs(mouse.x - x) < px(4)) ui::tip_now({mark.title, mark.text});
  }
}

struct Label {
  Rect box;
  const Drawn* drawn = nullptr;
  std::string text;
};

/// How much of a box lies outside the plot, on other labels, or on a line's path: in pixels, less is better.
float label_cost(const Scene& scene, const Rect& box, const std::vector<Label>& placed) {
  float cost = 4 * (std::max(0.f, scene.plot.y - box.y) + std::max(0.f, box.bottom() - scene.plot.bottom()));
  for (const Label& other : placed)
    cost += 4 * std::max(0.f, std::min(box.bottom(), other.box.bottom()) - std::max(box.y, other.box.y));
  for (const Drawn& drawn : scene.lines) {
    const auto count = static_cast<float>(drawn.columns.size());
    for (auto c = static_cast<size_t>((box.x - scene.plot.x) / scene.plot.w * count); c < drawn.columns.size();
         c += 4) {
      if (drawn.columns[c].count == 0) continue;
      const float y = scene.y_of(*drawn.line, drawn.columns[c].mean);
      if (y > box.y && y < box.bottom()) cost += 1;
    }
  }
  return cost;
}

/// Names and last values at the right end, each where it covers the least, near its line.
void draw_names(const Scene& scene) {
  std::vector<Label> placed;
  for (const Drawn& drawn : scene.lines) {
    const Line& line = *drawn.line;
    const double value = line.series->points().back().value;
    Label label{{}, &drawn, line.name + " " + ui::fixed(value, line.decimals)};
    const float width = ui::text_width(Face::mono, label.text) + px(8), height = px(17);
    const float y = std::isfinite(value) ? scene.y_of(line, value) : scene.plot.y;
    float best = 1e9f;
    for (const float offset : {-20.f, 3.f, -37.f, 20.f, -54.f, 37.f}) {
      const Rect box{scene.plot.right() - width - px(4), std::round(y + px(offset)), width, height};
      const float cost = label_cost(scene, box, placed) + std::abs(offset) * 0.05f;
      if (cost < best) best = cost, label.box = box;
    }
    ui::fill(label.box, ui::fade(ui::theme().panel, 0.75f), px(3));
    ui::text_in(label.box.inset(px(4), 0), Face::mono, line.color, label.text);
    placed.push_back(std::move(label));
  }
}

void draw_readout(const Scene& scene, int64_t step) {
  const float x = scene.x_of(static_cast<double>(step));
  ui::vline(x, scene.plot.y, scene.plot.bottom(), ui::theme().dim, 1);
  std::string text;
  for (const Drawn& drawn : scene.lines) {
    const Point* point = drawn.line->series->at(step);
    if (!point) continue;
    if (std::isfinite(point->value))
      ui::canvas().AddCircleFilled({x, scene.y_of(*drawn.line, point->value)}, px(3), drawn.line->color, 16);
    text += (text.empty() ? "" : "\n") + drawn.line->name + " " + ui::fixed(point->value, drawn.line->decimals + 1);
    if (point->step != step) text += " at step " + ui::grouped(point->step);
  }
  if (ui::hovering(scene.plot)) ui::tip_now({"step " + ui::grouped(step), "", text});
}

}  // namespace

int64_t draw_line_plot(const Rect& area, const LinePlot& plot, int64_t shared_step) {
  Scene scene;
  scene.plot = area;
  scene.plot.cut_bottom(px(20));
  scene.plot.cut_top(px(6));
  bool any = false, left = false, right = false;
  for (const Line& line : plot.lines) {
    if (!line.series || line.series->empty()) continue;
    any = true;
    (line.right_axis ? right : left) = true;
  }
  if (!any) {
    ui::text_in(area, Face::small, ui::theme().faint, plot.empty, ui::Align::center);
    return -1;
  }
  if (left) scene.plot.cut_left(px(44));
  scene.plot.cut_right(right ? px(38) : px(8));
  find_steps(scene, plot);
  for (const Line& line : plot.lines)
    if (line.series && !line.series->empty())
      scene.lines.push_back({&line, line.series->envelope(scene.first, scene.last,
                                                          std::max(1, static_cast<int>(scene.plot.w / px(1.5f))))});
  find_values(scene, plot);
  draw_axes(scene);
  ui::canvas().PushClipRect({scene.plot.x - px(4), scene.plot.y - px(4)},
                            {scene.plot.right() + px(4), scene.plot.bottom() + px(2)}, true);
  for (const Drawn& drawn : scene.lines) draw_line(scene, drawn);
  ui::canvas().PopClipRect();
  draw_names(scene);
  int64_t under_mouse = -1;
  if (ui::hovering(scene.plot)) {
    const double share = (ImGui::GetIO().MousePos.x - scene.plot.x) / scene.plot.w;
    under_mouse =
        scene.first + static_cast<int64_t>(std::llround(share * static_cast<double>(scene.last - scene.first)));
  }
  draw_marks(scene, plot);
  const int64_t step = under_mouse >= 0 ? under_mouse : shared_step;
  if (step >= scene.first && step <= scene.last) draw_readout(scene, step);
  return under_mouse;
}

}  // namespace moescope::plots
