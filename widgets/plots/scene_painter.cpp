// Shapes of a scene as ImGui's.
#include "widgets/plots/scene_painter.h"

#include <cmath>
#include <functional>

#include "figure/palette.h"
#include "widgets/plots/polyline.h"

namespace moescope::plots {
namespace {

using figure::Color;
using figure::Point;

ImU32 packed(Color c) {
  const auto part = [](double value) { return static_cast<int>(std::lround(std::clamp(value, 0.0, 1.0) * 255)); };
  return IM_COL32(part(c.r), part(c.g), part(c.b), part(c.a));
}

Color color_of(ImU32 color) {
  const ImVec4 c = ImGui::ColorConvertU32ToFloat4(color);
  return {c.x, c.y, c.z, c.w};
}

ui::Face face_of(const figure::TextStyle& style) { return style.bold ? ui::Face::title : ui::Face::small; }

/// A quarter to the left about `about`, which lies `back` along the text. Written upright where nothing is clipped, and
/// its vertices turned from there: ImGui leaves glyphs out that lie outside the clipping rectangle.
void turned_text(ImVec2 about, float back, ui::Face face, ImU32 color, const std::string& text) {
  ImDrawList& list = ui::canvas();
  const ImVec2 place = ImGui::GetMainViewport()->Pos;
  const ImVec2 from{place.x, place.y + ui::line_height(face) * 0.2f};
  const int first = list.VtxBuffer.Size;
  list.PushClipRectFullScreen();
  ui::text_at(from, face, color, text);
  list.PopClipRect();
  const ImVec2 base{from.x + back, from.y + ui::line_height(face) * 0.8f};
  for (int i = first; i < list.VtxBuffer.Size; ++i) {
    ImVec2& p = list.VtxBuffer[i].pos;
    p = {std::round(about.x) + (p.y - base.y), std::round(about.y) - (p.x - base.x)};
  }
}

Color on_this_paper(Color color) {
  if (!ui::theme().dark) return color;
  // Lifted towards white until it stands out from the dark panel; black becomes the text's grey.
  const double light = 0.2126 * color.r + 0.7152 * color.g + 0.0722 * color.b;
  const double lift = light < 0.02 ? 0.85 : std::clamp(0.45 - light, 0.0, 0.4);
  return {color.r + (1 - color.r) * lift, color.g + (1 - color.g) * lift, color.b + (1 - color.b) * lift, color.a};
}

}  // namespace

ImU32 series_color(int64_t index) { return packed(on_this_paper(figure::palette_color(index))); }

float pixels_per_point() { return ui::px(12) / 8; }

ImVec2 ScenePainter::on_screen(Point point) const {
  const float scale = pixels_per_point();
  return {origin_.x + static_cast<float>(point.x) * scale, origin_.y + static_cast<float>(point.y) * scale};
}

ui::Rect ScenePainter::on_screen(const figure::Box& box) const {
  const ImVec2 corner = on_screen(Point{box.x, box.y});
  return {corner.x, corner.y, static_cast<float>(box.w) * pixels_per_point(),
          static_cast<float>(box.h) * pixels_per_point()};
}

std::vector<ImVec2> ScenePainter::on_screen(std::span<const Point> points) const {
  std::vector<ImVec2> placed;
  placed.reserve(points.size());
  for (const Point& point : points) placed.push_back(on_screen(point));
  return placed;
}

void ScenePainter::polyline(std::span<const Point> points, Color color, double width, bool dashed) {
  const std::vector<ImVec2> placed = on_screen(points);
  const float thick = std::max(1.f, static_cast<float>(width) * pixels_per_point() * 0.8f);
  ImDrawList& list = ui::canvas();
  if (!dashed) return draw_polyline(list, placed, packed(color), thick);
  for (size_t i = 1; i < placed.size(); ++i) {
    const ImVec2 a = placed[i - 1], b = placed[i];
    const float length = std::hypot(b.x - a.x, b.y - a.y), on = ui::px(4), every = ui::px(7);
    for (float from = 0; from < length; from += every) {
      const float s = from / length, e = std::min(length, from + on) / length;
      list.AddLine({a.x + (b.x - a.x) * s, a.y + (b.y - a.y) * s}, {a.x + (b.x - a.x) * e, a.y + (b.y - a.y) * e},
                   packed(color), thick);
    }
  }
}

void ScenePainter::polygon(std::span<const Point> points, Color color) {
  const std::vector<ImVec2> placed = on_screen(points);
  ui::canvas().AddConvexPolyFilled(placed.data(), static_cast<int>(placed.size()), packed(color));
}

void ScenePainter::band(std::span<const Point> upper, std::span<const Point> lower, Color color) {
  draw_band(ui::canvas(), on_screen(upper), on_screen(lower), packed(color));
}

void ScenePainter::circle(Point center, double radius, Color color) {
  if (radius <= 1) {  // one of a hundred thousand: four corners instead of a dozen, and no eye tells them apart
    const ImVec2 at = on_screen(center);
    const float half = static_cast<float>(radius) * pixels_per_point();
    return ui::canvas().AddRectFilled({at.x - half, at.y - half}, {at.x + half, at.y + half}, packed(color));
  }
  ui::canvas().AddCircleFilled(on_screen(center), static_cast<float>(radius) * pixels_per_point(), packed(color));
}

void ScenePainter::text(Point at, const std::string& text, const figure::TextStyle& style) {
  const ui::Face face = face_of(style);
  const float width = ui::text_width(face, text), height = ui::line_height(face);
  const float back = style.align == figure::Align::left ? 0 : style.align == figure::Align::center ? width / 2 : width;
  const ImVec2 base = on_screen(at);
  const ImU32 color = style.color ? packed(*style.color) : ui::theme().text;
  if (style.turned) return turned_text(base, back, face, color, text);
  ui::text_at({base.x - back, base.y - height * 0.8f}, face, color, text);
}

double ScenePainter::text_width(const std::string& text, const figure::TextStyle& style) {
  return ui::text_width(face_of(style), text) / pixels_per_point();
}

void ScenePainter::image(const figure::Box& box, int64_t height, int64_t width, std::span<const uint8_t> rgb) {
  if (rgb.empty()) return;
  const std::string_view bytes(reinterpret_cast<const char*>(rgb.data()), rgb.size());
  const uint64_t key = ui::texture_key({std::hash<std::string_view>{}(bytes), static_cast<uint64_t>(height)});
  const ui::Rect place = on_screen(box);
  const ImTextureID texture = textures_.image(key, ImagePixels{height, width, 3, {rgb.begin(), rgb.end()}});
  ui::canvas().AddImage(texture, place.min(), place.max());
}

figure::Paper ScenePainter::paper() const {
  const ui::Theme& t = ui::theme();
  return {color_of(t.text), color_of(t.dim), color_of(t.line), color_of(t.panel)};
}

Color ScenePainter::series_color(int64_t index) const { return on_this_paper(figure::palette_color(index)); }

void ScenePainter::begin_clip(const figure::Box& box) {
  const ui::Rect place = on_screen(box);
  ui::canvas().PushClipRect(place.min(), place.max(), true);
}

void ScenePainter::end_clip() { ui::canvas().PopClipRect(); }

}  // namespace moescope::plots
