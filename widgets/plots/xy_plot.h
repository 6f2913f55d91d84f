// One quantity against another: joined points with a band, and a marker that a hand moves elsewhere.
#pragma once

#include <string>
#include <vector>

#include "widgets/ui/rect.h"

namespace moescope::plots {

struct XyPoint {
  double x = 0, y = 0;
  double error = 0;  // half the height of the band
  std::string name;  // what the tool-tip calls it
};

struct XyLine {
  std::vector<XyPoint> points;  // in the order in which they are joined
  std::string name;
  ImU32 color = 0;
};

struct XyPlot {
  std::vector<XyLine> lines;
  std::string x_title, y_title;
  std::string note, short_note;  // right of the titles: what was measured
  int y_decimals = 3;
  bool has_marker = false;
  double marker_x = 0, marker_y = 0;
  std::string marker_name;
};

/// Draws the plot with a tool-tip on the point under the mouse.
void draw_xy_plot(const ui::Rect& area, const XyPlot& plot);

/// Height of a joined line at x, between its neighbouring points; its end's height beyond the ends. Points may come in
/// any order.
double interpolate(std::vector<XyPoint> points, double x);

}  // namespace moescope::plots
