// A figure's scene on the screen, the very one that files are drawn from: with the values under the mouse, a crosshair
// that other plots share, and a box to zoom into.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "figure/draw.h"
#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::plots {

/// What is under the mouse; panel -1: nothing.
struct SceneHit {
  int64_t panel = -1;
  double x = std::numeric_limits<double>::quiet_NaN(), y = x;  // in the units of the panel's axes
  int64_t mark = -1, point = -1;                               // of a scatter
  bool clicked = false;
};

/// Keeps what is zoomed into. A drag over a plot zooms into the box, a double click shows all again.
class SceneView {
 public:
  /// Draws the scene's panels, without a paper and whatever its width and height are, into the area. shared_x: where
  /// another plot's mouse is (NaN: nowhere).
  SceneHit draw_ui(const char* id, const ui::Rect& area, const figure::Scene& scene, const figure::ColorMap& colors,
                   ui::Textures& textures, double shared_x = std::numeric_limits<double>::quiet_NaN());

  /// The part of a panel's x axis that is seen; nothing: all of it. For asking more exact data.
  std::optional<figure::PanelZoom::Range> zoomed_x(size_t panel = 0) const;
  bool is_fitted() const;
  void fit() { zooms_.clear(); }

 private:
  void take_mouse(const figure::PlacedPanel& placed, const ui::Rect& plot, SceneHit& hit);

  std::vector<figure::PanelZoom> zooms_;
  int64_t dragged_panel_ = -1;
  ImVec2 drag_from_;
};

}  // namespace moescope::plots
