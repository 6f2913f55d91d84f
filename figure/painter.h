// What a figure needs of whoever draws it: six shapes. Cairo draws files; anything that can do these six draws the
// screen.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace moescope::figure {

struct Color {
  double r = 0, g = 0, b = 0, a = 1;
};
struct Point {
  double x = 0, y = 0;
};
/// y grows downwards.
struct Box {
  double x = 0, y = 0, w = 0, h = 0;
  double right() const { return x + w; }
  double bottom() const { return y + h; }
};

/// What is drawn on, and what is drawn on it besides data: axes, labels, rules.
struct Paper {
  Color ink{0.11, 0.11, 0.11}, dim{0.42, 0.42, 0.42}, rule{0.86, 0.86, 0.86}, paper{1, 1, 1};
};

enum class Align { left, center, right };
struct TextStyle {
  double size = 9;
  std::optional<Color> color = {};  // nothing: the paper's ink
  Align align = Align::left;
  bool bold = false;
  bool turned = false;  // a quarter to the left, read upwards
};

class Painter {
 public:
  virtual ~Painter() = default;
  virtual void polyline(std::span<const Point> points, Color color, double width, bool dashed = false) = 0;
  virtual void polygon(std::span<const Point> points, Color color) = 0;  // filled
  /// Filled between two lines of one length with the same x. Here: as a polygon.
  virtual void band(std::span<const Point> upper, std::span<const Point> lower, Color color);
  virtual void circle(Point center, double radius, Color color) = 0;  // filled
  /// `at` is on the base line, at its left end, middle or right end.
  virtual void text(Point at, const std::string& text, const TextStyle& style) = 0;
  virtual double text_width(const std::string& text, const TextStyle& style) = 0;
  /// rgb (height, width, 3), enlarged without smoothing.
  virtual void image(const Box& box, int64_t height, int64_t width, std::span<const uint8_t> rgb) = 0;
  /// Until end_clip() nothing outside the box is drawn. Not nested.
  /// White paper, unless the painter has its own.
  virtual Paper paper() const { return {}; }
  /// The colour of the palette's entry on that paper.
  virtual Color series_color(int64_t index) const;
  virtual void begin_clip(const Box& box) = 0;
  virtual void end_clip() = 0;
};

}  // namespace moescope::figure
