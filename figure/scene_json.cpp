// A scene as JSON.
#include <cmath>
#include <nlohmann/json.hpp>

#include "figure/scene_data.h"

namespace moescope::figure {
namespace {

using json = nlohmann::ordered_json;

json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

json numbers(const std::vector<double>& values) {
  json list = json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

json hex(const std::vector<uint8_t>& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

struct MarkJson {
  json operator()(const Line& m) const {
    return {{"mark", "line"}, {"name", m.name},    {"color", m.color},
            {"dots", m.dots}, {"x", numbers(m.x)}, {"y", numbers(m.y)}};
  }
  json operator()(const Band& m) const {
    return {
        {"mark", "band"}, {"color", m.color}, {"x", numbers(m.x)}, {"low", numbers(m.low)}, {"high", numbers(m.high)}};
  }
  json operator()(const Scatter& m) const {
    return {{"mark", "scatter"}, {"name", m.name},     {"color", m.color}, {"x", numbers(m.x)},
            {"y", numbers(m.y)}, {"labels", m.labels}, {"faded", m.faded}};
  }
  json operator()(const Bars& m) const {
    return {{"mark", "bars"},        {"color", m.color},       {"names", m.names}, {"values", numbers(m.values)},
            {"low", numbers(m.low)}, {"high", numbers(m.high)}};
  }
  json operator()(const Ridge& m) const {
    json list = json::array();
    for (const Histogram& h : m.histograms) {
      list.push_back({{"label", h.label},
                      {"counts", numbers(h.counts)},
                      {"below", h.num_below},
                      {"above", h.num_above},
                      {"nan", h.num_nan}});
    }
    return {{"mark", "ridge"}, {"first", number(m.first)}, {"last", number(m.last)}, {"histograms", list}};
  }
  json operator()(const HeatMap& m) const {
    return {{"mark", "heat map"},
            {"rows", m.rows},
            {"columns", m.columns},
            {"values", numbers(m.values)},
            {"x", {number(m.x_first), number(m.x_last)}},
            {"y", {number(m.y_first), number(m.y_last)}},
            {"low", number(m.low)},
            {"high", number(m.high)},
            {"value", m.value_label}};
  }
  json operator()(const ImageGrid& m) const {
    json list = json::array();
    for (const GridImage& i : m.images) {
      list.push_back({{"label", i.label},
                      {"height", i.height},
                      {"width", i.width},
                      {"rgb", hex(i.rgb)},
                      {"grid_height", i.grid_height},
                      {"grid_width", i.grid_width},
                      {"expert", i.expert}});
    }
    return {{"mark", "images"}, {"columns", m.columns}, {"images", list}};
  }
};

json axis(const AxisSpec& a) {
  json all = {{"label", a.label},
              {"log", a.log},
              {"low", a.low ? number(*a.low) : json(nullptr)},
              {"high", a.high ? number(*a.high) : json(nullptr)}};
  for (const auto& [value, name] : a.names) all["names"].push_back({number(value), name});
  return all;
}

}  // namespace

std::string scene_json(const Scene& scene, const std::string& note) {
  json panels = json::array();
  for (const Panel& panel : scene.panels) {
    json marks = json::array(), events = json::array();
    for (const Mark& mark : panel.marks) marks.push_back(std::visit(MarkJson{}, mark));
    for (const EventMark& event : panel.events) events.push_back({{"x", number(event.x)}, {"text", event.text}});
    panels.push_back({{"title", panel.title},
                      {"x", axis(panel.x)},
                      {"y", axis(panel.y)},
                      {"marks", marks},
                      {"events", events},
                      {"shown", panel.shown}});
  }
  json all = {{"format", "moescope-figure"},  {"version", 1},
              {"title", scene.title},         {"caption", scene.caption},
              {"width", number(scene.width)}, {"height", number(scene.height)},
              {"columns", scene.columns},     {"panels", panels}};
  if (!note.empty()) all["note"] = note;
  return all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace moescope::figure
