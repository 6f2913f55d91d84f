// A figure's scene on the screen, the very one that files are drawn from: with the values under the mouse, a crosshair
// that other plots share, and a box to zoom into.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "figure/draw.h"
#include "widgets/plots/scene_painter.h"
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

/// Where the mouse is on an x axis that plots share: each asks x() and tells its hit, in every frame.
class Crosshair {
 public:
  void begin_frame() { now_ = std::exchange(next_, kNowhere); }
  double x() const { return now_; }
  void follow(const SceneHit& hit) {
    if (hit.panel >= 0) next_ = hit.x;
  }
  /// True when plots that were drawn before the hovered one have to be drawn once more.
  bool moved() const { return next_ != now_ && !(std::isnan(next_) && std::isnan(now_)); }

 private:
  static constexpr double kNowhere = std::numeric_limits<double>::quiet_NaN();
  double now_ = kNowhere, next_ = kNowhere;
};

/// Keeps what is zoomed into. A drag over a plot zooms into the box, a double click shows all again;
/// a click on an entry of the legend hides its curve, another one brings it back. Panels with the same
/// x axis are zoomed together.
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
  /// This part of every panel's x axis.
  void show(double low, double high);
  const std::vector<std::string>& hidden() const { return hidden_; }

 private:
  void toggle_by_legend(const figure::PlacedPanel& placed, const ScenePainter& painter);
  void take_mouse(const figure::Scene& scene, const figure::PlacedPanel& placed, const ui::Rect& plot, SceneHit& hit);
  void zoom(const figure::Scene& scene, size_t panel, figure::PanelZoom::Range x);

  std::vector<figure::PanelZoom> zooms_;
  std::vector<std::string> hidden_;  // names of curves
  int64_t dragged_panel_ = -1;
  ImVec2 drag_from_;
};

}  // namespace moescope::plots
