// Marks that lay out their own area: bars by name, ridges, image grids, and the colour bar.
#include <algorithm>
#include <cmath>

#include "figure/plot_area.h"

namespace moescope::figure {
namespace {

constexpr double kSmall = 7.5;

void rectangle(Painter& painter, const Box& box, Color color) {
  const Point corners[] = {{box.x, box.y}, {box.right(), box.y}, {box.right(), box.bottom()}, {box.x, box.bottom()}};
  painter.polygon(corners, color);
}

void segment(Painter& painter, Point a, Point b, Color color, double width) {
  const Point ends[] = {a, b};
  painter.polyline(ends, color, width);
}

/// The experts' colours over an image, and a stroke through patches that nobody took.
void draw_overlay(Painter& painter, const Box& box, const GridImage& image) {
  const double w = box.w / static_cast<double>(image.grid_width), h = box.h / static_cast<double>(image.grid_height);
  for (int64_t row = 0; row < image.grid_height; ++row) {
    for (int64_t column = 0; column < image.grid_width; ++column) {
      const int32_t expert = image.expert[static_cast<size_t>(row * image.grid_width + column)];
      const Box cell{box.x + w * static_cast<double>(column), box.y + h * static_cast<double>(row), w, h};
      if (expert >= 0) {
        rectangle(painter, cell, faded(painter.series_color(expert), 0.45));
        // The colour repeats beyond sixteen and not every eye tells them apart: the number does.
        if (std::min(w, h) >= 9) {
          painter.text({cell.x + w / 2, cell.y + h / 2 + 2}, std::to_string(expert),
                       {.size = 5.5, .color = Color{1, 1, 1}, .align = Align::center});
        }
      } else {
        rectangle(painter, cell, {0, 0, 0, 0.55});
        segment(painter, {cell.x, cell.bottom()}, {cell.right(), cell.y}, {1, 1, 1, 0.8}, 0.6);
      }
    }
  }
}

}  // namespace

void draw_bars(Painter& painter, const Box& box, const Bars& bars, const AxisSpec& axis) {
  Range range;
  range.add(0, false);
  for (const auto* values : {&bars.values, &bars.high, &bars.low}) {
    for (const double value : *values) range.add(value, false);
  }
  double names = 20;
  for (const std::string& name : bars.names) names = std::max(names, painter.text_width(name, {.size = 8.5}));
  const Box area{box.x + names + 6, box.y, box.w - names - 44, box.h - 14};
  const Scale scale(axis, range.least, range.greatest, 6);
  const auto x_of = [&](double value) { return area.x + std::clamp(scale.share(value), 0.0, 1.0) * area.w; };
  for (const Tick& tick : scale.ticks()) {
    segment(painter, {x_of(tick.value), area.y}, {x_of(tick.value), area.bottom()}, painter.paper().rule, 0.5);
    painter.text({x_of(tick.value), area.bottom() + 10}, tick.label,
                 {.size = kSmall, .color = painter.paper().dim, .align = Align::center});
  }
  const double row = area.h / std::max<double>(1, static_cast<double>(bars.names.size()));
  for (size_t i = 0; i < bars.names.size(); ++i) {
    const double y = area.y + row * (static_cast<double>(i) + 0.5), half = std::min(8.0, row * 0.33);
    painter.text({area.x - 5, y + 3}, bars.names[i], {.size = 8.5, .align = Align::right});
    const bool finite = std::isfinite(bars.values[i]);
    if (finite)
      rectangle(painter, {x_of(0), y - half, x_of(bars.values[i]) - x_of(0), 2 * half},
                faded(painter.series_color(bars.color), 0.8));
    double end = finite ? x_of(bars.values[i]) : x_of(0);
    if (finite && !bars.low.empty() && bars.high[i] > bars.low[i]) {
      segment(painter, {x_of(bars.low[i]), y}, {x_of(bars.high[i]), y}, painter.paper().ink, 1);
      end = std::max(end, x_of(bars.high[i]));
    }
    painter.text({end + 4, y + 3},
                 finite ? number_label(bars.values[i]) : (std::isnan(bars.values[i]) ? "NaN" : "infinite"),
                 {.size = kSmall});
  }
}

void draw_ridge(PlotArea& area, const Ridge& ridge) {
  const auto rows = static_cast<double>(std::max<size_t>(1, ridge.histograms.size()));
  double most = 1;
  for (const Histogram& histogram : ridge.histograms) {
    for (const double count : histogram.counts) most = std::max(most, count);
  }
  const double step = area.box.h / (rows + 0.6), tall = 1.6 * step;  // the front ones stand before those behind
  for (size_t i = 0; i < ridge.histograms.size(); ++i) {
    const Histogram& histogram = ridge.histograms[i];
    const double base = area.box.y + step * (static_cast<double>(i) + 1.6),
                 bins = static_cast<double>(histogram.counts.size());
    std::vector<Point> outline{{area.box.x, base}}, floor;
    for (size_t bin = 0; bin < histogram.counts.size(); ++bin) {
      const double y = base - tall * histogram.counts[bin] / most;
      for (const double edge : {static_cast<double>(bin), static_cast<double>(bin) + 1}) {
        outline.push_back({area.at(ridge.first + (ridge.last - ridge.first) * edge / bins, 0).x, y});
      }
    }
    outline.push_back({area.box.right(), base});
    const Color color{area.colors.at(0.25 + 0.5 * static_cast<double>(i) / rows)[0] / 255.0,
                      area.colors.at(0.25 + 0.5 * static_cast<double>(i) / rows)[1] / 255.0,
                      area.colors.at(0.25 + 0.5 * static_cast<double>(i) / rows)[2] / 255.0};
    for (const Point& point : outline) floor.push_back({point.x, base});
    area.painter.band(outline, floor, faded(color, 0.85));
    area.painter.polyline(outline, area.painter.paper().paper, 0.7);
    area.painter.text({area.box.x - 5, base}, histogram.label,
                      {.size = kSmall, .color = area.painter.paper().dim, .align = Align::right});
    std::string beyond;
    if (histogram.num_nan > 0) beyond += " " + std::to_string(histogram.num_nan) + " NaN";
    if (histogram.num_below > 0) beyond += " " + std::to_string(histogram.num_below) + " below";
    if (histogram.num_above > 0) beyond += " " + std::to_string(histogram.num_above) + " above";
    if (!beyond.empty()) area.painter.text({area.box.right(), base - 2}, beyond, {.size = 6.5, .align = Align::right});
  }
}

void draw_image_grid(Painter& painter, const Box& box, const ImageGrid& grid) {
  const int64_t columns = std::max<int64_t>(1, grid.columns);
  const int64_t rows = (static_cast<int64_t>(grid.images.size()) + columns - 1) / columns;
  constexpr double kGap = 6, kLabel = 11;
  const double side = std::min((box.w + kGap) / static_cast<double>(columns) - kGap,
                               (box.h + kGap) / static_cast<double>(std::max<int64_t>(1, rows)) - kGap - kLabel);
  for (size_t i = 0; i < grid.images.size(); ++i) {
    const GridImage& image = grid.images[i];
    const auto row = static_cast<double>(static_cast<int64_t>(i) / columns),
               column = static_cast<double>(static_cast<int64_t>(i) % columns);
    const double aspect = static_cast<double>(image.width) / static_cast<double>(std::max<int64_t>(1, image.height));
    const Box place{box.x + column * (side + kGap), box.y + row * (side + kGap + kLabel), side * std::min(1.0, aspect),
                    side / std::max(1.0, aspect)};
    painter.image(place, image.height, image.width, image.rgb);
    if (!image.expert.empty()) draw_overlay(painter, place, image);
    painter.text({place.x, place.bottom() + 8.5}, image.label, {.size = kSmall, .color = painter.paper().dim});
  }
}

void draw_color_bar(Painter& painter, const ColorMap& colors, const Box& box, const HeatMap& map) {
  std::vector<uint8_t> rgb;
  for (int i = 255; i >= 0; --i) {
    const auto color = colors.at(i / 255.0);
    rgb.insert(rgb.end(), color.begin(), color.end());
  }
  painter.image(box, 256, 1, rgb);
  const Scale scale({.label = "", .log = false, .low = map.low, .high = map.high}, map.low, map.high, 5);
  double widest = 0;
  for (const Tick& tick : scale.ticks()) {
    const double y = box.bottom() - scale.share(tick.value) * box.h;
    segment(painter, {box.right(), y}, {box.right() + 3, y}, painter.paper().dim, 0.6);
    painter.text({box.right() + 5, y + 2.6}, tick.label, {.size = kSmall, .color = painter.paper().dim});
    widest = std::max(widest, painter.text_width(tick.label, {.size = kSmall}));
  }
  painter.text({box.right() + widest + 15, box.y + box.h / 2}, map.value_label,
               {.size = 8.5, .color = painter.paper().dim, .align = Align::center, .turned = true});
}

}  // namespace moescope::figure
