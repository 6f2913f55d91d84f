// One panel being drawn: its box, its two scales, and the shapes that marks are made of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "figure/painter.h"
#include "figure/palette.h"
#include "figure/scale.h"

namespace moescope::figure {

struct PlotArea {
  Painter& painter;
  const ColorMap& colors;
  Box box;
  Scale x, y;

  Point at(double x_value, double y_value) const {
    return {box.x + x.share(x_value) * box.w, box.bottom() - y.share(y_value) * box.h};
  }
};

/// Draws one mark inside the area.
void draw_mark(PlotArea& area, const Mark& mark);

/// Bars, ridges and image grids lay out their own area: names instead of ticks.
void draw_bars(Painter& painter, const Box& box, const Bars& bars, const AxisSpec& axis);
void draw_ridge(PlotArea& area, const Ridge& ridge);
void draw_image_grid(Painter& painter, const Box& box, const ImageGrid& grid);
/// The scale of colours beside a heat map.
void draw_color_bar(Painter& painter, const ColorMap& colors, const Box& box, const HeatMap& map);

/// The least and greatest value that an axis must hold.
struct Range {
  double least = 1e300, greatest = -1e300;
  void add(double value, bool log);
};
Range x_range(const Panel& panel);
Range y_range(const Panel& panel);

inline Color faded(Color color, double alpha) { return {color.r, color.g, color.b, alpha}; }

}  // namespace moescope::figure
