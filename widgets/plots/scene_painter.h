// figure's six shapes on an ImGui draw list, in the colours of the window.
#pragma once

#include <vector>

#include "figure/painter.h"
#include "widgets/ui/draw.h"
#include "widgets/ui/textures.h"

namespace moescope::plots {

/// Pixels a point of the scene. A figure's small print (7.5 points) is the window's.
float pixels_per_point();

/// The colour in which a scene's series stands on the screen.
ImU32 series_color(int64_t index);

/// A scene's point (0, 0) lies at `origin` of the screen. Text comes in the window's faces and sizes, whatever size the
/// scene asks for, so that it is sharp.
class ScenePainter final : public figure::Painter {
 public:
  ScenePainter(ImVec2 origin, ui::Textures& textures) : origin_(origin), textures_(textures) {}

  void polyline(std::span<const figure::Point> points, figure::Color color, double width, bool dashed) override;
  void polygon(std::span<const figure::Point> points, figure::Color color) override;  // convex ones only
  void band(std::span<const figure::Point> upper, std::span<const figure::Point> lower, figure::Color color) override;
  void circle(figure::Point center, double radius, figure::Color color) override;
  void text(figure::Point at, const std::string& text, const figure::TextStyle& style) override;
  double text_width(const std::string& text, const figure::TextStyle& style) override;
  void image(const figure::Box& box, int64_t height, int64_t width, std::span<const uint8_t> rgb) override;
  figure::Paper paper() const override;
  figure::Color series_color(int64_t index) const override;
  void begin_clip(const figure::Box& box) override;
  void end_clip() override;

  ImVec2 on_screen(figure::Point point) const;
  ui::Rect on_screen(const figure::Box& box) const;

 private:
  std::vector<ImVec2> on_screen(std::span<const figure::Point> points) const;

  ImVec2 origin_;
  ui::Textures& textures_;
};

}  // namespace moescope::plots
