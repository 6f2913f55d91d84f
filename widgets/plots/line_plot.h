// Lines over steps with a min-max band, two vertical axes, event marks, and the values under the cursor.
#pragma once

#include <string>
#include <vector>

#include "widgets/plots/axis.h"
#include "widgets/plots/series.h"
#include "widgets/ui/rect.h"

namespace moescope::plots {

struct Line {
  const Series* series = nullptr;
  std::string name;  // "loss"
  ImU32 color = 0;
  bool right_axis = false;
  bool dots = false;  // few points (evaluations): each is drawn
  int decimals = 3;   // of the value beside the line's end and under the cursor
};

/// A knob that was moved: "router.k", "1 → 2".
struct EventMark {
  int64_t step = 0;
  std::string title, text;
};

struct LinePlot {
  std::vector<Line> lines;
  std::vector<EventMark> marks;
  bool left_from_zero = false;  // the left axis starts at 0
  double right_top = 0;         // the right axis is [0, right_top]; 0: round numbers around the data
  std::string empty = "nothing recorded yet";
};

/// Draws the plot. Returns the step under the cursor, -1 when the mouse is elsewhere. shared_step >= 0 draws the
/// crosshair that another plot reports.
int64_t draw_line_plot(const ui::Rect& area, const LinePlot& plot, int64_t shared_step);

}  // namespace moescope::plots
