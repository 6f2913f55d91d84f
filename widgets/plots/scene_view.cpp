// A scene with a mouse over it.
#include "widgets/plots/scene_view.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/controls.h"
#include "widgets/ui/tooltip.h"

namespace moescope::plots {
namespace {

using figure::PlacedPanel;
using ui::px;
using ui::Rect;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The value of a line at x: of the point nearest to it.
std::string line_value(const figure::Line& line, double x) {
  if (line.x.empty()) return {};
  const auto after = std::lower_bound(line.x.begin(), line.x.end(), x);
  auto i = static_cast<size_t>(after - line.x.begin());
  if (i == line.x.size() || (i > 0 && x - line.x[i - 1] < line.x[i] - x)) --i;
  if (!line.texts.empty()) return line.texts[i];
  const double value = line.y[i];
  return std::isnan(value) ? "NaN" : std::isinf(value) ? (value > 0 ? "inf" : "-inf") : figure::number_label(value);
}

/// An x axis of names has no values between them: the name nearest to x, or x as a number.
std::string place_at(const figure::AxisSpec& axis, double x) {
  if (axis.names.empty()) return axis.label + " " + figure::number_label(std::round(x));
  const auto distance = [&](const auto& name) { return std::abs(name.first - x); };
  return std::min_element(axis.names.begin(), axis.names.end(),
                          [&](const auto& a, const auto& b) { return distance(a) < distance(b); })
      ->second;
}

/// What the lines say at x, one row a line that has a name, and what happened near it.
std::string values_at(const figure::Panel& panel, const std::vector<std::string>& hidden, double x, double reach) {
  constexpr int kMost = 14;  // a tool-tip is no table
  std::string text;
  int told = 0, more = 0;
  for (const figure::Mark& mark : panel.marks) {
    const auto* line = std::get_if<figure::Line>(&mark);
    if (line && ++told > kMost && ++more > 0) continue;
    if (line && std::find(hidden.begin(), hidden.end(), line->name) != hidden.end()) continue;
    if (line && !line->x.empty()) text += (line->name.empty() ? "" : line->name + "  ") + line_value(*line, x) + "\n";
  }
  if (more > 0) text += "and " + std::to_string(more) + " more\n";
  for (const figure::EventMark& event : panel.events)
    if (std::abs(event.x - x) <= reach) text += event.text + "\n";
  if (!text.empty()) text.pop_back();
  return text;
}

/// The point of a scatter nearest to the mouse, within a finger's width.
void find_point(const figure::Panel& panel, const PlacedPanel& placed, const Rect& plot, SceneHit& hit) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  float nearest = px(14) * px(14);
  for (size_t m = 0; m < panel.marks.size(); ++m) {
    const auto* points = std::get_if<figure::Scatter>(&panel.marks[m]);
    for (size_t i = 0; points && i < points->x.size(); ++i) {
      if (!placed.x.has(points->x[i]) || !placed.y.has(points->y[i])) continue;
      const float x = plot.x + static_cast<float>(placed.x.share(points->x[i])) * plot.w - mouse.x;
      const float y = plot.bottom() - static_cast<float>(placed.y.share(points->y[i])) * plot.h - mouse.y;
      if (x * x + y * y >= nearest) continue;
      nearest = x * x + y * y;
      hit.mark = static_cast<int64_t>(m), hit.point = static_cast<int64_t>(i);
    }
  }
}

void show_values(const figure::Panel& panel, const std::vector<std::string>& hidden, const PlacedPanel& placed,
                 const SceneHit& hit) {
  if (hit.point >= 0) {
    const auto& points = std::get<figure::Scatter>(panel.marks[static_cast<size_t>(hit.mark)]);
    const auto i = static_cast<size_t>(hit.point);
    if (!panel.x.names.empty() && i < points.labels.size())
      return ui::tip_now({place_at(panel.x, points.x[i]), "", points.labels[i]});
    const std::string values = panel.x.label + "  " + figure::number_label(points.x[i]) + "\n" + panel.y.label + "  " +
                               figure::number_label(points.y[i]);
    return ui::tip_now({i < points.labels.size() ? points.labels[i] : points.name, "", values});
  }
  const double reach = std::abs(placed.x.value(0.008) - placed.x.value(0));
  const std::string values = values_at(panel, hidden, hit.x, reach);
  if (!values.empty()) ui::tip_now({place_at(panel.x, hit.x), "", values});
}

/// At a crosshair that another plot's mouse makes: the value of each line, in its colour.
void draw_reading(const figure::Panel& panel, const std::vector<std::string>& hidden, const Rect& plot, float at,
                  double x) {
  float y = plot.y + px(2);
  for (const figure::Mark& mark : panel.marks) {
    const auto* line = std::get_if<figure::Line>(&mark);
    if (!line || line->x.empty() || std::find(hidden.begin(), hidden.end(), line->name) != hidden.end()) continue;
    const std::string value = line_value(*line, x);
    const float width = ui::text_width(ui::Face::small, value), height = ui::line_height(ui::Face::small);
    const float left = at + px(6) + width < plot.right() ? at + px(6) : at - px(6) - width;
    ui::fill({left - px(2), y, width + px(4), height}, ui::fade(ui::theme().panel, 0.8f), px(2));
    ui::text_at({left, y}, ui::Face::small, series_color(line->color), value);
    y += height;
  }
}

}  // namespace

bool SceneView::is_fitted() const {
  return std::none_of(zooms_.begin(), zooms_.end(), [](const auto& zoom) { return zoom.x || zoom.y; });
}

void SceneView::show(double low, double high) {
  zooms_.resize(std::max<size_t>(zooms_.size(), 1));
  for (figure::PanelZoom& zoom : zooms_) zoom.x = {low, high};
}

std::optional<figure::PanelZoom::Range> SceneView::zoomed_x(size_t panel) const {
  return panel < zooms_.size() ? zooms_[panel].x : std::nullopt;
}

/// Panels with the same x axis show the same part of it.
void SceneView::zoom(const figure::Scene& scene, size_t panel, figure::PanelZoom::Range x) {
  if (x.high - x.low <= 1e-9 * std::max(std::abs(x.low), std::abs(x.high))) return;  // no number lies within
  zooms_.resize(std::max(zooms_.size(), scene.panels.size()));
  for (size_t i = 0; i < scene.panels.size(); ++i)
    if (scene.panels[i].x.label == scene.panels[panel].x.label) zooms_[i].x = x;
}

void SceneView::take_mouse(const figure::Scene& scene, const PlacedPanel& placed, const Rect& plot, SceneHit& hit) {
  const ui::Hit mouse_hit = ui::hit(("plot" + std::to_string(placed.panel)).c_str(), plot);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto share_x = [&](float x) { return std::clamp(static_cast<double>((x - plot.x) / plot.w), 0.0, 1.0); };
  const auto share_y = [&](float y) { return std::clamp(static_cast<double>((plot.bottom() - y) / plot.h), 0.0, 1.0); };
  const auto number = static_cast<int64_t>(placed.panel);
  if (mouse_hit.hovered && !mouse_hit.held) {
    hit.panel = number;
    hit.x = placed.x.value(share_x(mouse.x)), hit.y = placed.y.value(share_y(mouse.y));
  }
  if ((mouse_hit.hovered || mouse_hit.held) && ImGui::IsMouseDoubleClicked(0)) zooms_.clear();
  if (mouse_hit.held && dragged_panel_ != number) dragged_panel_ = number, drag_from_ = mouse;
  if (dragged_panel_ != number) return;
  const bool wide = std::abs(mouse.x - drag_from_.x) > px(6), tall = std::abs(mouse.y - drag_from_.y) > px(24);
  const Rect box{std::max(plot.x, std::min(mouse.x, drag_from_.x)),
                 tall ? std::max(plot.y, std::min(mouse.y, drag_from_.y)) : plot.y,
                 std::abs(std::clamp(mouse.x, plot.x, plot.right()) - drag_from_.x),
                 tall ? std::abs(std::clamp(mouse.y, plot.y, plot.bottom()) - drag_from_.y) : plot.h};
  if (mouse_hit.held) {
    if (wide) ui::fill(box, ui::fade(ui::theme().accent, 0.18f));
    return;
  }
  dragged_panel_ = -1;
  hit.panel = number;
  hit.clicked = mouse_hit.clicked && !wide;
  if (!wide) return;
  zoom(scene, placed.panel, {placed.x.value(share_x(box.x)), placed.x.value(share_x(box.right()))});
  if (tall) zooms_[placed.panel].y = {placed.y.value(share_y(box.bottom())), placed.y.value(share_y(box.y))};
}

void SceneView::toggle_by_legend(const PlacedPanel& placed, const ScenePainter& painter) {
  for (const PlacedPanel::LegendEntry& entry : placed.legend) {
    const Rect place = painter.on_screen(entry.box);
    const ui::Hit entry_hit = ui::hit(("legend" + std::to_string(placed.panel) + entry.name).c_str(), place);
    if (entry_hit.hovered) ui::fill({place.x, place.bottom() - px(1), place.w, px(1)}, ui::theme().accent);
    if (!entry_hit.clicked) continue;
    if (std::erase(hidden_, entry.name) == 0) hidden_.push_back(entry.name);
  }
}

SceneHit SceneView::draw_ui(const char* id, const Rect& area, const figure::Scene& scene,
                            const figure::ColorMap& colors, ui::Textures& textures, double shared_x) {
  SceneHit hit;
  if (area.w < px(90) || area.h < px(70)) return hit;
  ImGui::PushID(id);
  const float scale = pixels_per_point();
  ScenePainter painter(area.min(), textures);
  const ui::Clip clip(area);
  if (!hidden_.empty()) zooms_.resize(std::max(zooms_.size(), scene.panels.size()));
  for (figure::PanelZoom& zoom : zooms_) zoom.hidden = hidden_;
  const std::vector<PlacedPanel> all =
      figure::draw_panels(scene, colors, painter, {1, 5, area.w / scale - 14, area.h / scale - 6}, zooms_);
  for (const PlacedPanel& placed : all) {
    const Rect plot = painter.on_screen(placed.box);
    SceneHit here;
    toggle_by_legend(placed, painter);
    take_mouse(scene, placed, plot, here);
    const figure::Panel& panel = scene.panels[placed.panel];
    if (here.panel >= 0) {
      find_point(panel, placed, plot, here);
      hit = here;
    }
    const double cross = here.panel >= 0 && here.point < 0 ? here.x : here.panel >= 0 ? kNan : shared_x;
    if (placed.x.has(cross) && placed.x.share(cross) >= 0 && placed.x.share(cross) <= 1) {
      const float at = plot.x + static_cast<float>(placed.x.share(cross)) * plot.w;
      ui::vline(at, plot.y, plot.bottom(), ui::fade(ui::theme().dim, 0.6f));
      if (here.panel < 0) draw_reading(panel, hidden_, plot, at, cross);
    }
    if (here.panel >= 0) show_values(panel, hidden_, placed, here);
  }
  ImGui::PopID();
  return hit;
}

}  // namespace moescope::plots
