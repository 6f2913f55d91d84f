// One quantity against another.
#include "widgets/plots/xy_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/axis.h"
#include "widgets/plots/polyline.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::plots {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct Scene {
  Rect plot;
  Axis x, y;
  ImVec2 at(double px_x, double px_y) const {
    return {plot.x + static_cast<float>(std::clamp(x.share(px_x), 0.0, 1.0)) * plot.w,
            plot.bottom() - static_cast<float>(std::clamp(y.share(px_y), 0.0, 1.0)) * plot.h};
  }
};

Scene scene_of(const Rect& area, const XyPlot& plot) {
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  for (const XyLine& line : plot.lines)
    for (const XyPoint& p : line.points) {
      x0 = std::min(x0, p.x), x1 = std::max(x1, p.x);
      y0 = std::min(y0, p.y - p.error), y1 = std::max(y1, p.y + p.error);
    }
  Scene scene;
  scene.plot = {area.x + px(52), area.y + px(24), area.w - px(64), area.h - px(44)};
  if (x0 > x1) return scene;
  scene.x = round_axis(x0, x1, std::max(2, static_cast<int>(scene.plot.w / px(70))));
  scene.y = round_axis(y0, y1, std::clamp(static_cast<int>(scene.plot.h / px(26)), 2, 5));
  return scene;
}

void draw_axes(const Scene& s, const Rect& area, const XyPlot& plot) {
  const ui::Theme& t = ui::theme();
  for (const double tick : s.y.ticks) {
    const float y = s.at(s.x.low, tick).y;
    ui::hline(s.plot.x, s.plot.right(), y, t.line);
    ui::text_in({area.x, y - px(8), px(46), px(16)}, Face::mono, t.faint, tick_label(s.y, tick), ui::Align::right);
  }
  for (const double tick : s.x.ticks) {
    const float x = s.at(tick, s.y.low).x;
    ui::text_in({x - px(30), s.plot.bottom() + px(3), px(60), px(16)}, Face::mono, t.faint, tick_label(s.x, tick),
                ui::Align::center);
  }
  Rect head{area.x, area.y, area.w, px(18)};
  const std::string title = plot.y_title + " over " + plot.x_title;
  head.cut_left(ui::text_in(head, Face::small, t.text, ui::fitting(Face::small, head.w, {title})) - head.x + px(12));
  ui::text_in(head, Face::small, t.dim, ui::fitting(Face::small, head.w, {plot.note, plot.short_note}),
              ui::Align::right);
}

void draw_line(const Scene& s, const XyLine& line) {
  std::vector<ImVec2> middle, upper, lower;
  for (const XyPoint& p : line.points) {
    middle.push_back(s.at(p.x, p.y));
    upper.push_back(s.at(p.x, p.y + p.error));
    lower.push_back(s.at(p.x, p.y - p.error));
  }
  ImDrawList& list = ui::canvas();
  draw_band(list, upper, lower, ui::fade(line.color, 0.18f));
  draw_polyline(list, middle, line.color, px(1.8f));
  for (const ImVec2& p : middle) list.AddCircleFilled(p, px(2.5f), line.color, 12);
}

}  // namespace

double interpolate(std::vector<XyPoint> points, double x) {
  if (points.empty()) return 0;
  std::sort(points.begin(), points.end(), [](const XyPoint& a, const XyPoint& b) { return a.x < b.x; });
  if (x <= points.front().x) return points.front().y;
  for (size_t i = 1; i < points.size(); ++i)
    if (x <= points[i].x) {
      const double width = points[i].x - points[i - 1].x;
      const double share = width > 0 ? (x - points[i - 1].x) / width : 1;
      return points[i - 1].y + share * (points[i].y - points[i - 1].y);
    }
  return points.back().y;
}

void draw_xy_plot(const Rect& area, const XyPlot& plot) {
  if (area.w < px(120) || area.h < px(60)) return;
  const Scene s = scene_of(area, plot);
  draw_axes(s, area, plot);
  const ui::Theme& t = ui::theme();
  const XyPoint* near = nullptr;
  float nearest = px(14) * px(14);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  for (const XyLine& line : plot.lines) {
    draw_line(s, line);
    for (const XyPoint& p : line.points) {
      const ImVec2 at = s.at(p.x, p.y);
      const float d = (at.x - mouse.x) * (at.x - mouse.x) + (at.y - mouse.y) * (at.y - mouse.y);
      if (ui::hovering(area) && d < nearest) nearest = d, near = &p;
    }
  }
  if (plot.has_marker) {
    const ImVec2 at = s.at(plot.marker_x, plot.marker_y);
    ui::vline(at.x, s.plot.y, s.plot.bottom(), ui::fade(t.warn, 0.5f), px(1));
    ui::canvas().AddCircleFilled(at, px(6), t.warn, 24);
    ui::canvas().AddCircleFilled(at, px(3), t.panel, 16);
    const float width = ui::text_width(Face::mono, plot.marker_name) + 2;
    const float x = std::min(at.x + px(9), s.plot.right() - width);
    ui::text_in({x, std::min(at.y + px(6), s.plot.bottom() - px(18)), width, px(16)}, Face::mono, t.warn,
                plot.marker_name);
  }
  if (near)
    ui::tip_now({near->name, "",
                 plot.y_title + " " + ui::fixed(near->y, plot.y_decimals) + " ± " +
                     ui::fixed(near->error, plot.y_decimals) + "\n" + plot.x_title + " " + ui::compact(near->x)});
}

}  // namespace moescope::plots
