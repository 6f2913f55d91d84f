// From a scene to shapes: where panels, axes, marks, legends and captions lie. Knows no library that draws.
#pragma once

#include <span>
#include <vector>

#include "figure/painter.h"
#include "figure/palette.h"
#include "figure/scale.h"
#include "figure/scene.h"

namespace moescope::figure {

/// Draws the scene into a box of scene.width by scene.height whose left top is 0, 0. Series of different length in one
/// mark are a defect: std::logic_error.
void draw_scene(const Scene& scene, const ColorMap& colors, Painter& painter);

/// What is seen of a panel instead of all that it holds: a part of its axes, and not every curve.
struct PanelZoom {
  struct Range {
    double low = 0, high = 1;
  };
  std::optional<Range> x, y;
  std::vector<std::string> hidden = {};  // names of lines and scatters; the legend shows them dimmed
  void apply(AxisSpec& x_axis, AxisSpec& y_axis) const;
};

/// Where a panel with two axes was put: what a mouse over it points at.
struct PlacedPanel {
  size_t panel = 0;
  Box box;
  Scale x, y;
  struct LegendEntry {
    std::string name;
    Box box;
  };
  std::vector<LegendEntry> legend = {};
};

/// The same into any box and without a paper under it; the scene's width and height do not count. `zooms` has one entry
/// a panel, or fewer: the rest is shown in full.
std::vector<PlacedPanel> draw_panels(const Scene& scene, const ColorMap& colors, Painter& painter, const Box& box,
                                     std::span<const PanelZoom> zooms = {});

}  // namespace moescope::figure
