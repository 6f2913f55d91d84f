// Scenes drawn by a painter that writes down what it is asked for, and by Cairo.
#include "figure/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "figure/cairo_files.h"
#include "figure/plot_area.h"

namespace moescope::figure {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

class NotingPainter final : public Painter {
 public:
  struct Shape {
    std::vector<Point> points;
    Color color;
  };
  void polyline(std::span<const Point> points, Color color, double, bool dashed) override {
    lines.push_back({{points.begin(), points.end()}, color});
    num_dashed += dashed;
  }
  void polygon(std::span<const Point> points, Color color) override {
    areas.push_back({{points.begin(), points.end()}, color});
  }
  void circle(Point center, double, Color color) override { circles.push_back({{center}, color}); }
  void text(Point, const std::string& text, const TextStyle&) override { texts.push_back(text); }
  double text_width(const std::string& text, const TextStyle& style) override {
    return static_cast<double>(text.size()) * style.size * 0.5;
  }
  void image(const Box&, int64_t height, int64_t width, std::span<const uint8_t> rgb) override {
    images.push_back({height, width, {rgb.begin(), rgb.end()}});
  }
  void begin_clip(const Box&) override { ++clips; }
  void end_clip() override { --clips; }

  struct Image {
    int64_t height, width;
    std::vector<uint8_t> rgb;
  };
  std::vector<Shape> lines, areas, circles;
  std::vector<std::string> texts;
  std::vector<Image> images;
  int num_dashed = 0, clips = 0;
};

Scene scene_of(std::vector<Mark> marks) {
  Scene scene;
  scene.title = "A title";
  scene.panels.push_back({});
  scene.panels[0].marks = std::move(marks);
  return scene;
}

NotingPainter draw(const Scene& scene) {
  NotingPainter painter;
  draw_scene(scene, ColorMap{}, painter);
  EXPECT_EQ(painter.clips, 0);
  return painter;
}

/// How many shapes have the colour of the palette's entry.
size_t count_color(const std::vector<NotingPainter::Shape>& shapes, int64_t index) {
  const Color wanted = palette_color(index);
  size_t count = 0;
  for (const auto& shape : shapes)
    count += shape.color.r == wanted.r && shape.color.g == wanted.g && shape.color.b == wanted.b;
  return count;
}

TEST(DrawFigure, ALineBreaksAtWhatIsNoNumberAndMarksIt) {
  const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const double y[] = {1, 2, 3, kNan, 2, 1, kInfinity, 2, 3};
  Line line{.name = "", .color = 0, .x = {std::begin(x), std::end(x)}, .y = {std::begin(y), std::end(y)}};
  const NotingPainter painter = draw(scene_of({line}));
  // Three pieces and the two strokes of the NaN's cross; one triangle for the infinity.
  EXPECT_EQ(count_color(painter.lines, 0), 5u);
  EXPECT_EQ(count_color(painter.areas, 0), 1u);
  line.y[6] = 1, line.y[3] = 1;
  const NotingPainter whole = draw(scene_of({line}));
  ASSERT_EQ(count_color(whole.lines, 0), 1u);
}

TEST(DrawFigure, ValuesThatALogAxisCannotShowAreMarked) {
  Scene scene = scene_of({Line{.name = "", .color = 1, .x = {1, 2, 3}, .y = {10, 0, 100}}});
  EXPECT_EQ(count_color(draw(scene).areas, 1), 0u);
  scene.panels[0].y.log = true;
  EXPECT_EQ(count_color(draw(scene).areas, 1), 1u);
}

TEST(DrawFigure, PointsLieWhereTheAxesSay) {
  Scene scene = scene_of({Scatter{
      .name = "", .color = 2, .x = {0, 5, 10}, .y = {0, 0.5, 1}, .labels = {"a", "b", "c"}, .faded = {0, 1, 0}}});
  const NotingPainter painter = draw(scene);
  ASSERT_EQ(painter.circles.size(), 3u);
  const Point low = painter.circles[0].points[0], middle = painter.circles[1].points[0],
              high = painter.circles[2].points[0];
  EXPECT_NEAR(middle.x, (low.x + high.x) / 2, 1e-9);
  EXPECT_NEAR(middle.y, (low.y + high.y) / 2, 1e-9);
  EXPECT_GT(low.y, high.y);  // y grows downwards
  EXPECT_LT(painter.circles[1].color.a, painter.circles[0].color.a);
  EXPECT_THAT(painter.texts, Contains("b"));
}

TEST(DrawFigure, HeatMapsBeginAtTheBottomAndHaveAColourBar) {
  ColorMap colors;
  for (size_t i = 0; i < 256; ++i) colors.colors[i] = {static_cast<uint8_t>(i), 0, 0};
  Scene scene = scene_of({HeatMap{.rows = 2, .columns = 1, .values = {0, kNan}, .value_label = "load"}});
  NotingPainter painter;
  draw_scene(scene, colors, painter);
  ASSERT_EQ(painter.images.size(), 2u);
  EXPECT_EQ(painter.images[0].rgb, (std::vector<uint8_t>{190, 190, 190, 0, 0, 0}));  // NaN is grey; row 0 is below
  EXPECT_EQ(painter.images[1].height, 256);
  EXPECT_EQ(painter.images[1].rgb[0], 255);  // the greatest at the top
  EXPECT_THAT(painter.texts, Contains("load"));
}

TEST(DrawFigure, ImagesShowWhoTookAPatchAndStrikeOutWhatNobodyTook) {
  GridImage image{.label = "test 3",
                  .height = 2,
                  .width = 2,
                  .rgb = std::vector<uint8_t>(12, 100),
                  .grid_height = 1,
                  .grid_width = 2,
                  .expert = {3, -1}};
  const NotingPainter painter = draw(scene_of({ImageGrid{.columns = 1, .images = {image}}}));
  EXPECT_EQ(count_color(painter.areas, 3), 1u);
  EXPECT_THAT(painter.texts, Contains("3"));
  EXPECT_THAT(painter.texts, Contains("test 3"));
  EXPECT_EQ(painter.lines.size(), 1u);  // the stroke
}

TEST(DrawFigure, EventsBarsAndRidgesAreNamed) {
  Scene scene = scene_of({Line{.name = "a run", .color = 0, .x = {0, 10}, .y = {1, 2}}});
  scene.panels[0].events = {{5, "router.k 2"}, {50, "beyond"}};
  scene.panels[0].shown = "2 of 2 points";
  const NotingPainter painter = draw(scene);
  for (const char* text : {"A title", "a run", "router.k 2", "2 of 2 points"})
    EXPECT_THAT(painter.texts, Contains(text));
  EXPECT_EQ(painter.num_dashed, 1);
  const NotingPainter bars = draw(scene_of(
      {Bars{.color = 0, .names = {"one", "two"}, .values = {0.5, kNan}, .low = {0.4, kNan}, .high = {0.6, kNan}}}));
  for (const char* text : {"one", "0.5", "two", "NaN"}) EXPECT_THAT(bars.texts, Contains(text));
  const NotingPainter ridge =
      draw(scene_of({Ridge{.first = 0, .last = 2, .histograms = {{"step 1", {1, 0, 3}, 0, 2, 1}}}}));
  for (const char* text : {"step 1", " 1 NaN 2 above"}) EXPECT_THAT(ridge.texts, Contains(text));
}

TEST(DrawFigure, SeriesOfDifferentLengthAreADefect) {
  EXPECT_THROW(draw(scene_of({Line{.name = "", .color = 0, .x = {1, 2}, .y = {1}}})), std::logic_error);
}

TEST(CairoFiles, AreWhatTheirEndingsSay) {
  const Scene scene = scene_of({Line{.name = "loss", .color = 0, .x = {0, 1, 2}, .y = {3, 2, 1}}});
  const std::string svg = as_svg(scene, {}), pdf = as_pdf(scene, {}), png = as_png(scene, {}, 2);
  EXPECT_THAT(svg, StartsWith("<?xml"));
  EXPECT_THAT(svg, HasSubstr("<path"));
  EXPECT_THAT(pdf, StartsWith("%PDF-"));
  ASSERT_THAT(png, StartsWith("\x89PNG"));
  // Width and height are big-endian at bytes 16 and 20: twice 480 by 320.
  const auto big_endian = [&](size_t at) {
    return static_cast<uint8_t>(png[at + 2]) << 8 | static_cast<uint8_t>(png[at + 3]);
  };
  EXPECT_EQ(big_endian(16), 960);
  EXPECT_EQ(big_endian(20), 640);
  EXPECT_EQ(as_svg(scene, {}), svg);
}

}  // namespace
}  // namespace moescope::figure
