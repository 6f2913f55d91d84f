// A figure as data: what is to be seen, in the units of its axes, and nothing about how it is drawn. The same scene
// goes to a file (cairo_painter.h), to the screen, and to the tables beside it (scene_data.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace moescope::figure {

/// Lines break at NaN and infinities, which are marked at the panel's edge: never left out, never joined over.
struct Line {
  std::string name;
  int64_t color = 0;  // of the palette: palette.h
  std::vector<double> x, y;
  bool dots = false;                    // each point is drawn: few points
  std::vector<std::string> texts = {};  // what a point says under the mouse; empty: its y
};

/// The area between two lines: an interval over seeds, or least and greatest value of each piece of a long series.
struct Band {
  int64_t color = 0;
  std::vector<double> x, low, high;
};

struct Scatter {
  std::string name;
  int64_t color = 0;
  std::vector<double> x, y;
  std::vector<std::string> labels;  // beside each point; empty: none
  std::vector<uint8_t> faded;       // 1: of less interest (dominated); empty: none
};

/// One bar a name, from 0, with an interval.
struct Bars {
  int64_t color = 0;
  std::vector<std::string> names;
  std::vector<double> values, low, high;  // low, high empty: no intervals
};

/// A histogram over equal bins of [first, last]; what lies outside and what is no number is counted apart.
struct Histogram {
  std::string label;
  std::vector<double> counts;
  int64_t num_below = 0, num_above = 0, num_nan = 0;
};
/// Histograms one above the other, the first at the top, over one x axis.
struct Ridge {
  double first = 0, last = 1;
  std::vector<Histogram> histograms;
};

/// values (rows, columns) row-major, the first row at the bottom. NaN cells are grey.
struct HeatMap {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
  double x_first = 0, x_last = 1;  // of the columns' outer edges, on the x axis
  double y_first = 0, y_last = 1;
  double low = 0, high = 1;  // ends of the colour bar; what is beyond them takes their colour
  std::string value_label;   // of the colour bar, with its unit
};

/// One image, and over it which expert took each patch.
struct GridImage {
  std::string label;
  int64_t height = 0, width = 0;
  std::vector<uint8_t> rgb;  // (height, width, 3)
  int64_t grid_height = 0, grid_width = 0;
  std::vector<int32_t> expert;  // (grid_height, grid_width): its colour over the patch; -1: nobody took it, struck out
};
struct ImageGrid {
  int64_t columns = 4;
  std::vector<GridImage> images;
};

using Mark = std::variant<Line, Band, Scatter, Bars, Ridge, HeatMap, ImageGrid>;

struct AxisSpec {
  std::string label;                // with its unit
  bool log = false;                 // values that are not positive are marked at the edge like infinities
  std::optional<double> low, high;  // nothing: around the data
  std::vector<std::pair<double, std::string>> names = {};  // ticks with a name; empty: round numbers
};

/// Something that happened: a vertical line.
struct EventMark {
  double x = 0;
  std::string text;
};

struct Panel {
  std::string title;
  AxisSpec x, y;
  std::vector<Mark> marks;  // drawn in this order; HeatMap, Ridge, Bars and ImageGrid have a panel for themselves
  std::vector<EventMark> events;
  std::string shown;  // "400 of 10,000,000 points, each the least to the greatest of its steps"
};

struct Scene {
  std::string title, caption;
  double width = 480, height = 320;  // in points of 1/72 inch
  int64_t columns = 1;               // of panels
  std::vector<Panel> panels;
};

}  // namespace moescope::figure
