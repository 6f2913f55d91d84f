// The six shapes by Cairo.
#include "figure/cairo_files.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "compute/records/error.h"
#include "figure/file_note.h"

namespace moescope::figure {
namespace {

struct FreeSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct FreeContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeSurface>;

class CairoPainter final : public Painter {
 public:
  explicit CairoPainter(cairo_surface_t* surface) : cairo_(cairo_create(surface)) {
    cairo_set_line_join(cairo_.get(), CAIRO_LINE_JOIN_ROUND);
  }
  cairo_t* context() const { return cairo_.get(); }

  void polyline(std::span<const Point> points, Color color, double width, bool dashed) override {
    trace(points);
    use(color);
    const double dash[] = {2.5, 2};
    cairo_set_dash(cairo_.get(), dash, dashed ? 2 : 0, 0);
    cairo_set_line_width(cairo_.get(), width);
    cairo_stroke(cairo_.get());
  }
  void polygon(std::span<const Point> points, Color color) override {
    trace(points);
    cairo_close_path(cairo_.get());
    use(color);
    cairo_fill(cairo_.get());
  }
  void circle(Point center, double radius, Color color) override {
    cairo_new_path(cairo_.get());
    cairo_arc(cairo_.get(), center.x, center.y, radius, 0, 2 * std::numbers::pi);
    use(color);
    cairo_fill(cairo_.get());
  }
  double text_width(const std::string& text, const TextStyle& style) override {
    face(style);
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_.get(), text.c_str(), &extents);
    return extents.x_advance;
  }
  void text(Point at, const std::string& text, const TextStyle& style) override {
    if (text.empty()) return;
    const double width = text_width(text, style);
    const double back = style.align == Align::left ? 0 : style.align == Align::center ? width / 2 : width;
    use(style.color.value_or(paper().ink));
    cairo_save(cairo_.get());
    cairo_translate(cairo_.get(), at.x, at.y);
    if (style.turned) cairo_rotate(cairo_.get(), -std::numbers::pi / 2);
    cairo_move_to(cairo_.get(), -back, 0);
    cairo_show_text(cairo_.get(), text.c_str());
    cairo_restore(cairo_.get());
  }
  void image(const Box& box, int64_t height, int64_t width, std::span<const uint8_t> rgb) override {
    if (height <= 0 || width <= 0) return;
    const Surface pixels(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)));
    const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(pixels.get()));
    unsigned char* data = cairo_image_surface_get_data(pixels.get());
    if (data == nullptr) return;  // told when the file is finished
    for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
      auto* row = reinterpret_cast<uint32_t*>(data + y * stride);
      for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
        const uint8_t* p = rgb.data() + (y * static_cast<size_t>(width) + x) * 3;
        row[x] = static_cast<uint32_t>(p[0]) << 16 | static_cast<uint32_t>(p[1]) << 8 | p[2];
      }
    }
    cairo_surface_mark_dirty(pixels.get());
    cairo_save(cairo_.get());
    cairo_translate(cairo_.get(), box.x, box.y);
    cairo_scale(cairo_.get(), box.w / static_cast<double>(width), box.h / static_cast<double>(height));
    cairo_set_source_surface(cairo_.get(), pixels.get(), 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo_.get()), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cairo_.get(), 0, 0, static_cast<double>(width), static_cast<double>(height));
    cairo_fill(cairo_.get());
    cairo_restore(cairo_.get());
  }
  void begin_clip(const Box& box) override {
    cairo_save(cairo_.get());
    cairo_rectangle(cairo_.get(), box.x, box.y, box.w, box.h);
    cairo_clip(cairo_.get());
  }
  void end_clip() override { cairo_restore(cairo_.get()); }

 private:
  void use(Color c) { cairo_set_source_rgba(cairo_.get(), c.r, c.g, c.b, c.a); }
  void trace(std::span<const Point> points) {
    cairo_new_path(cairo_.get());
    for (const Point& point : points) cairo_line_to(cairo_.get(), point.x, point.y);
  }
  void face(const TextStyle& style) {
    cairo_select_font_face(cairo_.get(), "Inter", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_.get(), style.size);
  }

  std::unique_ptr<cairo_t, FreeContext> cairo_;
};

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void require(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw UserError(std::string("the figure could not be drawn (") + cairo_status_to_string(status) +
                    "); make it smaller");
  }
}

/// Cairo numbers its surfaces over the life of the process; equal figures shall be equal files.
void forget_surface_number(std::string& svg) {
  const size_t begin = svg.find("id=\"surface");
  if (begin == std::string::npos) return;
  const size_t number = begin + std::string_view("id=\"surface").size(), end = svg.find('"', number);
  svg.erase(number, end - number);
}

void paint(const Scene& scene, const ColorMap& colors, cairo_surface_t* surface, double scale) {
  require(cairo_surface_status(surface));
  CairoPainter painter(surface);
  cairo_scale(painter.context(), scale, scale);
  draw_scene(scene, colors, painter);
  require(cairo_status(painter.context()));
}

/// As pixels, in memory.
Surface painted_pixels(const Scene& scene, const ColorMap& colors, double pixels_per_point) {
  const double scale = std::clamp(pixels_per_point, 1.0, 8.0);
  Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::lround(scene.width * scale)),
                                             static_cast<int>(std::lround(scene.height * scale))));
  paint(scene, colors, surface.get(), scale);
  return surface;
}

}  // namespace

std::string as_svg(const Scene& scene, const ColorMap& colors, const std::string& note) {
  std::string bytes;
  const Surface surface(cairo_svg_surface_create_for_stream(append, &bytes, scene.width, scene.height));
  paint(scene, colors, surface.get(), 1);
  cairo_surface_finish(surface.get());
  require(cairo_surface_status(surface.get()));
  forget_surface_number(bytes);
  return svg_with_note(std::move(bytes), note);
}

std::string as_pdf(const Scene& scene, const ColorMap& colors, const std::string& note) {
  std::string bytes;
  const Surface surface(cairo_pdf_surface_create_for_stream(append, &bytes, scene.width, scene.height));
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, scene.title.c_str());
  if (!note.empty()) cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_SUBJECT, note.c_str());
  paint(scene, colors, surface.get(), 1);
  cairo_surface_finish(surface.get());
  require(cairo_surface_status(surface.get()));
  return bytes;
}

std::string as_png(const Scene& scene, const ColorMap& colors, double pixels_per_point, const std::string& note) {
  const Surface surface = painted_pixels(scene, colors, pixels_per_point);
  std::string bytes;
  require(cairo_surface_write_to_png_stream(surface.get(), append, &bytes));
  return png_with_note(std::move(bytes), note);
}

Pixels as_pixels(const Scene& scene, const ColorMap& colors, double pixels_per_point) {
  const Surface surface = painted_pixels(scene, colors, pixels_per_point);
  cairo_surface_flush(surface.get());
  Pixels pixels{.height = cairo_image_surface_get_height(surface.get()),
                .width = cairo_image_surface_get_width(surface.get()),
                .rgb = {}};
  pixels.rgb.reserve(static_cast<size_t>(pixels.height * pixels.width * 3));
  const unsigned char* data = cairo_image_surface_get_data(surface.get());
  const auto stride = cairo_image_surface_get_stride(surface.get());
  for (int64_t y = 0; y < pixels.height; ++y) {
    const auto* row = reinterpret_cast<const uint32_t*>(data + y * stride);
    for (int64_t x = 0; x < pixels.width; ++x) {
      for (const int shift : {16, 8, 0}) pixels.rgb.push_back(static_cast<uint8_t>(row[x] >> shift));
    }
  }
  return pixels;
}

std::string cairo_version() { return cairo_version_string(); }

}  // namespace moescope::figure
