// Lines, bands, points and heat maps, and the marks for what is no number.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "figure/plot_area.h"

namespace moescope::figure {
namespace {

void require_same(size_t a, size_t b) {
  if (a != b) throw std::logic_error("figure: the series of a mark differ in length");
}

/// A value that has no place: NaN a cross at the bottom, +infinity a triangle at the top, -infinity (and on a log axis
/// what is not positive) one at the bottom.
void mark_missing(PlotArea& area, double x, double value, Color color) {
  constexpr double kHalf = 2.6;
  const double px = area.box.x + area.x.share(x) * area.box.w;
  if (std::isnan(value)) {
    const double py = area.box.bottom() - 1 - kHalf;
    const Point down[] = {{px - kHalf, py - kHalf}, {px + kHalf, py + kHalf}},
                up[] = {{px - kHalf, py + kHalf}, {px + kHalf, py - kHalf}};
    area.painter.polyline(down, color, 1.2);
    area.painter.polyline(up, color, 1.2);
    return;
  }
  const bool top = value > 0 && std::isinf(value);
  const double base = top ? area.box.y + 1 + 2 * kHalf : area.box.bottom() - 1 - 2 * kHalf,
               tip = top ? base - 2 * kHalf : base + 2 * kHalf;
  const Point triangle[] = {{px - kHalf, base}, {px + kHalf, base}, {px, tip}};
  area.painter.polygon(triangle, color);
}

struct MarkDrawer {
  PlotArea& area;

  void operator()(const Line& line) const {
    require_same(line.x.size(), line.y.size());
    const Color color = area.painter.series_color(line.color);
    std::vector<Point> piece;
    const auto flush = [&] {
      if (piece.size() == 1) area.painter.circle(piece.front(), 1, color);  // alone between two that are no numbers
      if (piece.size() > 1) area.painter.polyline(piece, color, 1.3);
      piece.clear();
    };
    for (size_t i = 0; i < line.x.size(); ++i) {
      if (!area.x.has(line.x[i])) continue;
      if (!area.y.has(line.y[i])) {
        flush();
        mark_missing(area, line.x[i], line.y[i], color);
        continue;
      }
      piece.push_back(area.at(line.x[i], line.y[i]));
      if (line.dots) area.painter.circle(piece.back(), 2, color);
    }
    flush();
  }

  void operator()(const Band& band) const {
    require_same(band.x.size(), band.low.size());
    require_same(band.x.size(), band.high.size());
    std::vector<Point> upper, lower;
    const auto flush = [&] {
      if (upper.size() > 1) { area.painter.band(upper, lower, faded(area.painter.series_color(band.color), 0.22)); }
      upper.clear(), lower.clear();
    };
    for (size_t i = 0; i < band.x.size(); ++i) {
      if (!area.x.has(band.x[i]) || !area.y.has(band.low[i]) || !area.y.has(band.high[i])) {
        flush();
        continue;
      }
      upper.push_back(area.at(band.x[i], band.high[i]));
      lower.push_back(area.at(band.x[i], band.low[i]));
    }
    flush();
  }

  void operator()(const Scatter& points) const {
    require_same(points.x.size(), points.y.size());
    for (size_t i = 0; i < points.x.size(); ++i) {
      if (!area.x.has(points.x[i])) continue;
      const bool dim = !points.faded.empty() && points.faded[i] != 0;
      const Color color = faded(area.painter.series_color(points.color), dim ? 0.3 : 1);
      if (!area.y.has(points.y[i])) {
        mark_missing(area, points.x[i], points.y[i], color);
        continue;
      }
      const Point at = area.at(points.x[i], points.y[i]);
      area.painter.circle(at, points.x.size() > 2000 ? 1 : 2.8, color);
      if (!points.labels.empty()) {
        const TextStyle style{.size = 7.5,
                              .color = dim ? faded(area.painter.paper().dim, 0.6) : area.painter.paper().ink};
        const bool fits = at.x + 6 + area.painter.text_width(points.labels[i], style) <= area.box.right();
        TextStyle placed = style;
        placed.align = fits ? Align::left : Align::right;
        area.painter.text({at.x + (fits ? 5 : -5), at.y + 3}, points.labels[i], placed);
      }
    }
  }

  void operator()(const HeatMap& map) const {
    require_same(map.values.size(), static_cast<size_t>(map.rows * map.columns));
    std::vector<uint8_t> rgb;
    rgb.reserve(map.values.size() * 3);
    for (int64_t row = map.rows; row-- > 0;) {  // the image begins at the top
      for (int64_t column = 0; column < map.columns; ++column) {
        const double value = map.values[static_cast<size_t>(row * map.columns + column)];
        const auto color = area.colors.at(map.high > map.low ? (value - map.low) / (map.high - map.low) : 0.5);
        rgb.insert(rgb.end(), color.begin(), color.end());
      }
    }
    const Point left_top = area.at(map.x_first, map.y_last), right_bottom = area.at(map.x_last, map.y_first);
    area.painter.image({left_top.x, left_top.y, right_bottom.x - left_top.x, right_bottom.y - left_top.y}, map.rows,
                       map.columns, rgb);
  }

  void operator()(const Ridge& ridge) const { draw_ridge(area, ridge); }
  void operator()(const Bars&) const {}       // laid out by draw_bars
  void operator()(const ImageGrid&) const {}  // laid out by draw_image_grid
};

struct RangeOf {
  Range& range;
  bool is_x, log;

  void all(const std::vector<double>& values) const {
    for (const double value : values) range.add(value, log);
  }
  void operator()(const Line& line) const { all(is_x ? line.x : line.y); }
  void operator()(const Band& band) const {
    all(is_x ? band.x : band.low);
    if (!is_x) all(band.high);
  }
  void operator()(const Scatter& points) const { all(is_x ? points.x : points.y); }
  void operator()(const HeatMap& map) const {
    range.add(is_x ? map.x_first : map.y_first, log);
    range.add(is_x ? map.x_last : map.y_last, log);
  }
  void operator()(const Ridge& ridge) const {
    range.add(is_x ? ridge.first : 0, log);
    range.add(is_x ? ridge.last : 1, log);
  }
  void operator()(const Bars&) const {}
  void operator()(const ImageGrid&) const {}
};

Range range_of(const Panel& panel, bool is_x) {
  Range range;
  for (const Mark& mark : panel.marks) std::visit(RangeOf{range, is_x, (is_x ? panel.x : panel.y).log}, mark);
  return range;
}

}  // namespace

void Range::add(double value, bool log) {
  if (!std::isfinite(value) || (log && value <= 0)) return;
  least = std::min(least, value);
  greatest = std::max(greatest, value);
}

Range x_range(const Panel& panel) { return range_of(panel, true); }
Range y_range(const Panel& panel) { return range_of(panel, false); }

void draw_mark(PlotArea& area, const Mark& mark) { std::visit(MarkDrawer{area}, mark); }

}  // namespace moescope::figure
