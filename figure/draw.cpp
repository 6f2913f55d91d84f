// Panels in a grid; in each the title, the axes, the marks, the legend, and what a reader must know about them.
#include "figure/draw.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "figure/plot_area.h"

namespace moescope::figure {
namespace {

constexpr double kMargin = 10, kTitle = 12, kLabel = 8.5, kSmall = 7.5, kLine = 11;

template <class Wanted>
const Wanted* only(const Panel& panel) {
  return panel.marks.size() == 1 ? std::get_if<Wanted>(&panel.marks.front()) : nullptr;
}

void segment(Painter& painter, Point a, Point b, Color color, double width, bool dashed = false) {
  const Point ends[] = {a, b};
  painter.polyline(ends, color, width, dashed);
}

/// Text in lines of at most `width`, broken at spaces.
std::vector<std::string> wrapped(Painter& painter, const std::string& text, const TextStyle& style, double width) {
  std::vector<std::string> lines{""};
  std::string word;
  const auto place = [&] {
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (!lines.back().empty() && painter.text_width(longer, style) > width) {
      lines.push_back(word);
    } else {
      lines.back() = longer;
    }
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ') {
      place();
    } else {
      word += c;
    }
  }
  place();
  return lines;
}

void draw_axes(PlotArea& area, const Panel& panel, bool y_ticks) {
  Painter& painter = area.painter;
  const Box& box = area.box;
  for (const Tick& tick : area.x.ticks()) {
    if (area.x.share(tick.value) < -1e-9 || area.x.share(tick.value) > 1 + 1e-9) continue;  // a name out of view
    const double x = box.x + area.x.share(tick.value) * box.w;
    segment(painter, {x, box.y}, {x, box.bottom()}, painter.paper().rule, 0.5);
    painter.text({x, box.bottom() + 10}, tick.label,
                 {.size = kSmall, .color = painter.paper().dim, .align = Align::center});
  }
  painter.text({box.x + box.w / 2, box.bottom() + 21}, panel.x.label,
               {.size = kLabel, .color = painter.paper().dim, .align = Align::center});
  for (size_t i = 0; y_ticks && i < area.y.ticks().size(); ++i) {
    const Tick& tick = area.y.ticks()[i];
    if (area.y.share(tick.value) < -1e-9 || area.y.share(tick.value) > 1 + 1e-9) continue;
    const double y = box.bottom() - area.y.share(tick.value) * box.h;
    segment(painter, {box.x, y}, {box.right(), y}, painter.paper().rule, 0.5);
    painter.text({box.x - 4, y + 2.6}, tick.label,
                 {.size = kSmall, .color = painter.paper().dim, .align = Align::right});
  }
  segment(painter, {box.x, box.bottom()}, {box.right(), box.bottom()}, painter.paper().dim, 0.7);
  segment(painter, {box.x, box.y}, {box.x, box.bottom()}, painter.paper().dim, 0.7);
}

void draw_events(PlotArea& area, const std::vector<EventMark>& events) {
  double free_from = area.box.x;  // labels that would lie on each other are left to the table beside the figure
  for (const EventMark& event : events) {
    if (!area.x.has(event.x)) continue;
    const double x = area.box.x + area.x.share(event.x) * area.box.w;
    if (x < area.box.x - 0.5 || x > area.box.right() + 0.5) continue;
    segment(area.painter, {x, area.box.y}, {x, area.box.bottom()}, area.painter.paper().dim, 0.7, true);
    const TextStyle style{.size = 6.5, .color = area.painter.paper().dim};
    if (x < free_from) continue;
    area.painter.text({x + 2, area.box.y + 6}, event.text, style);
    free_from = x + 6 + area.painter.text_width(event.text, style);
  }
}

bool is_hidden(const PanelZoom& zoom, const std::string& name) {
  return !name.empty() && std::find(zoom.hidden.begin(), zoom.hidden.end(), name) != zoom.hidden.end();
}

/// The panel without what is hidden: lines and scatters by their name, bands with the line of their colour.
Panel visible_part(const Panel& panel, const PanelZoom& zoom) {
  std::vector<int64_t> colors;
  for (const Mark& mark : panel.marks)
    if (const auto* line = std::get_if<Line>(&mark); line && is_hidden(zoom, line->name)) colors.push_back(line->color);
  Panel rest = panel;
  std::erase_if(rest.marks, [&](const Mark& mark) {
    if (const auto* line = std::get_if<Line>(&mark)) return is_hidden(zoom, line->name);
    if (const auto* points = std::get_if<Scatter>(&mark)) return is_hidden(zoom, points->name);
    const auto* band = std::get_if<Band>(&mark);
    return band && std::find(colors.begin(), colors.end(), band->color) != colors.end();
  });
  return rest;
}

/// Names of lines and scatters, with their colour. Returns the height used.
double draw_legend(Painter& painter, const Panel& panel, const Box& box, const PanelZoom& zoom,
                   std::vector<PlacedPanel::LegendEntry>& entries) {
  double x = box.x, y = box.y;
  bool any = false;
  for (const Mark& mark : panel.marks) {
    const auto* line = std::get_if<Line>(&mark);
    const auto* points = std::get_if<Scatter>(&mark);
    const std::string name = line ? line->name : points ? points->name : "";
    if (name.empty()) continue;
    const bool told =
        std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
    if (told) continue;  // several lines of one name have one entry
    const double width = 16 + painter.text_width(name, {.size = 8}) + 12;
    if (any && x + width > box.right()) x = box.x, y += kLine;
    const bool hidden = is_hidden(zoom, name);
    const Color whole = painter.series_color(line ? line->color : points->color);
    const Color color = hidden ? faded(whole, 0.3) : whole;
    if (line) {
      segment(painter, {x, y + 5}, {x + 11, y + 5}, color, 1.6);
    } else {
      painter.circle({x + 6, y + 5}, 2.6, color);
    }
    TextStyle style{.size = 8};
    if (hidden) style.color = faded(painter.paper().dim, 0.6);
    painter.text({x + 15, y + 8}, name, style);
    entries.push_back({name, {x - 2, y - 1, width - 6, kLine}});
    x += width;
    any = true;
  }
  return any ? y - box.y + kLine + 3 : 0;
}

double y_label_width(Painter& painter, const Panel& panel, const Scale& y) {
  double width = 0;
  if (const auto* ridge = only<Ridge>(panel)) {
    for (const Histogram& h : ridge->histograms) width = std::max(width, painter.text_width(h.label, {.size = kSmall}));
  } else {
    for (const Tick& tick : y.ticks()) width = std::max(width, painter.text_width(tick.label, {.size = kSmall}));
  }
  return width;
}

PlacedPanel draw_plot(const Panel& whole, const ColorMap& colors, Painter& painter, Box box, const PanelZoom& zoom) {
  const std::optional<Panel> part = zoom.hidden.empty() ? std::nullopt : std::optional(visible_part(whole, zoom));
  const Panel& panel = part ? *part : whole;
  const auto* map = only<HeatMap>(panel);
  const Range xs = x_range(panel), ys = y_range(panel);
  AxisSpec x_axis = panel.x, y_axis = panel.y;
  const auto exact = [](AxisSpec& axis, double low, double high) {
    if (!axis.low) axis.low = low;
    if (!axis.high) axis.high = high;
  };
  if (map) {
    exact(x_axis, map->x_first, map->x_last);
    exact(y_axis, map->y_first, map->y_last);
  }
  if (const auto* ridge = only<Ridge>(panel)) exact(x_axis, ridge->first, ridge->last);
  const bool has_line = std::any_of(panel.marks.begin(), panel.marks.end(),
                                    [](const Mark& m) { return std::holds_alternative<Line>(m); });
  const bool has_points = std::any_of(panel.marks.begin(), panel.marks.end(),
                                      [](const Mark& m) { return std::holds_alternative<Scatter>(m); });
  if (has_line && !has_points && xs.least < xs.greatest)
    exact(x_axis, xs.least, xs.greatest);  // curves end where they end
  zoom.apply(x_axis, y_axis);
  const Scale y(y_axis, ys.least, ys.greatest, std::max(3, static_cast<int>(box.h / 32)));
  const double left = y_label_width(painter, panel, y) + 18;
  std::vector<PlacedPanel::LegendEntry> entries;
  const double legend = draw_legend(painter, whole, {box.x + left, box.y, box.w - left, box.h}, zoom, entries);
  box = {box.x + left, box.y + legend, box.w - left - (map ? 62 : 4), box.h - legend - 26};
  PlotArea area{painter, colors, box, Scale(x_axis, xs.least, xs.greatest, std::max(3, static_cast<int>(box.w / 60))),
                y};
  draw_axes(area, panel, !only<Ridge>(panel));
  painter.text({box.x - left + 8, box.y + box.h / 2}, panel.y.label,
               {.size = kLabel, .color = painter.paper().dim, .align = Align::center, .turned = true});
  if (!only<Ridge>(panel)) painter.begin_clip(box);
  for (const Mark& mark : panel.marks) draw_mark(area, mark);
  if (!only<Ridge>(panel)) painter.end_clip();
  draw_events(area, panel.events);
  if (map) draw_color_bar(painter, colors, {box.right() + 10, box.y, 9, box.h}, *map);
  return {0, box, area.x, area.y, std::move(entries)};
}

/// Nothing for a panel without two scales.
std::optional<PlacedPanel> draw_panel(const Panel& panel, const ColorMap& colors, Painter& painter, Box box,
                                      const PanelZoom& zoom) {
  if (!panel.title.empty()) {
    painter.text({box.x, box.y + 9}, panel.title, {.size = 9.5, .bold = true});
    box = {box.x, box.y + 15, box.w, box.h - 15};
  }
  if (!panel.shown.empty()) {
    box.h -= 9;
    painter.text({box.right(), box.bottom() + 7}, panel.shown,
                 {.size = 6.5, .color = painter.paper().dim, .align = Align::right});
  }
  if (const auto* bars = only<Bars>(panel)) {
    const double label = panel.x.label.empty() ? 0 : 12;
    draw_bars(painter, {box.x, box.y, box.w, box.h - label}, *bars, panel.x);
    painter.text({box.x + box.w / 2, box.bottom() - 2}, panel.x.label,
                 {.size = kLabel, .color = painter.paper().dim, .align = Align::center});
  } else if (const auto* grid = only<ImageGrid>(panel)) {
    draw_image_grid(painter, box, *grid);
  } else {
    return draw_plot(panel, colors, painter, box, zoom);
  }
  return std::nullopt;
}

/// Title and caption; what they leave of the box.
Box draw_heading(const Scene& scene, Painter& painter, Box inside) {
  if (!scene.title.empty()) {
    painter.text({inside.x, inside.y + 10}, scene.title, {.size = kTitle, .bold = true});
    inside.y += 20, inside.h -= 20;
  }
  if (scene.caption.empty()) return inside;
  const TextStyle style{.size = 8, .color = painter.paper().dim};
  const std::vector<std::string> lines = wrapped(painter, scene.caption, style, inside.w);
  inside.h -= kLine * static_cast<double>(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    painter.text({inside.x, inside.bottom() + kLine * static_cast<double>(i + 1) - 2}, lines[i], style);
  }
  inside.h -= 4;
  return inside;
}

}  // namespace

void Painter::band(std::span<const Point> upper, std::span<const Point> lower, Color color) {
  std::vector<Point> outline(upper.begin(), upper.end());
  outline.insert(outline.end(), lower.rbegin(), lower.rend());
  polygon(outline, color);
}

void PanelZoom::apply(AxisSpec& x_axis, AxisSpec& y_axis) const {
  if (x) x_axis.low = x->low, x_axis.high = x->high;
  if (y) y_axis.low = y->low, y_axis.high = y->high;
}

std::vector<PlacedPanel> draw_panels(const Scene& scene, const ColorMap& colors, Painter& painter, const Box& box,
                                     std::span<const PanelZoom> zooms) {
  const Box inside = draw_heading(scene, painter, box);
  const int64_t columns = std::max<int64_t>(1, scene.columns);
  const int64_t rows = std::max<int64_t>(1, (static_cast<int64_t>(scene.panels.size()) + columns - 1) / columns);
  const double w = inside.w / static_cast<double>(columns), h = inside.h / static_cast<double>(rows);
  std::vector<PlacedPanel> placed;
  for (size_t i = 0; i < scene.panels.size(); ++i) {
    const auto column = static_cast<double>(static_cast<int64_t>(i) % columns),
               row = static_cast<double>(static_cast<int64_t>(i) / columns);
    const Box place{inside.x + column * w, inside.y + row * h, w - (columns > 1 ? 12 : 0), h - (rows > 1 ? 8 : 0)};
    std::optional<PlacedPanel> panel =
        draw_panel(scene.panels[i], colors, painter, place, i < zooms.size() ? zooms[i] : PanelZoom{});
    if (!panel) continue;
    panel->panel = i;
    placed.push_back(std::move(*panel));
  }
  return placed;
}

void draw_scene(const Scene& scene, const ColorMap& colors, Painter& painter) {
  const Point paper[] = {{0, 0}, {scene.width, 0}, {scene.width, scene.height}, {0, scene.height}};
  painter.polygon(paper, painter.paper().paper);
  draw_panels(scene, colors, painter, {kMargin, kMargin, scene.width - 2 * kMargin, scene.height - 2 * kMargin});
}

}  // namespace moescope::figure
