// Columns in words.
#include "widgets/panels/run_columns_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "widgets/ui/format.h"

namespace moescope::panels {
namespace {

struct Look {
  std::string_view column, heading;
  float width;
};
constexpr std::array<Look, 16> kLooks = {{
    {"test_accuracy", "test acc", 74},
    {"test_loss", "test loss", 74},
    {"accuracy", "train acc", 74},
    {"loss", "loss", 70},
    {"step", "step", 66},
    {"time", "time", 92},
    {"wall_secs", "time", 92},
    {"router", "router", 106},
    {"dataset", "data", 110},
    {"parameters", "params", 72},
    {"num_parameters", "params", 72},
    {"gflops_per_image", "GFLOPs/img", 86},
    {"started", "started", 96},
    {"started_at", "started", 96},
    {"updated", "written", 96},
    {"checkpoint_bytes", "disk", 76},
}};

const Look* look_of(std::string_view column) {
  const auto found = std::find_if(kLooks.begin(), kLooks.end(), [&](const Look& l) { return l.column == column; });
  return found == kLooks.end() ? nullptr : &*found;
}

std::string count_text(double value) {
  if (value >= 1e9) return ui::fixed(value / 1e9, 2) + " G";
  if (value >= 1e6) return ui::fixed(value / 1e6, 2) + " M";
  return value >= 1e4 ? ui::fixed(value / 1e3, 1) + " k" : ui::grouped(std::llround(value));
}

/// "2026-11-22T16:03:12Z" -> "11-22 16:03".
std::string short_time(const std::string& iso) {
  return iso.size() >= 16 ? iso.substr(5, 5) + " " + iso.substr(11, 5) : iso;
}

/// The value of a column that a run may have as NaN, which a store keeps as NULL.
const std::optional<double>* measured(std::string_view column, const RunSummary& run) {
  if (column == "test_accuracy") return &run.test_accuracy;
  if (column == "test_loss") return &run.test_loss;
  if (column == "loss") return &run.loss;
  if (column == "accuracy") return &run.accuracy;
  return nullptr;
}

std::string number_text(std::string_view column, double value) {
  if (column == "time" || column == "wall_secs") return ui::duration(value);
  if (column == "parameters" || column == "num_parameters") return count_text(value);
  if (column == "checkpoint_bytes") return ui::bytes(std::llround(value));
  if (column == "gflops_per_image") return ui::fixed(value, 4);
  if (std::isfinite(value) && value == std::round(value) && std::abs(value) < 1e15)
    return ui::grouped(std::llround(value));
  return ui::compact(value);
}

}  // namespace

std::string column_heading(std::string_view column) {
  const Look* look = look_of(column);
  return std::string(look ? look->heading : column);
}

float column_width(std::string_view column) {
  if (const Look* look = look_of(column)) return look->width;
  return std::clamp(ui::text_width(ui::Face::small, column) / ui::look().scale + 16, 64.f, 150.f);
}

bool is_number_column(std::string_view column, const Cell& cell) {
  if (column.starts_with("started") || column.starts_with("updated")) return true;  // lined up like numbers
  return measured(column, {}) != nullptr || !std::holds_alternative<std::string>(cell);
}

std::string cell_text(std::string_view column, const Cell& cell, const RunSummary& run) {
  if (const std::optional<double>* value = measured(column, run)) return *value ? ui::fixed(**value, 4) : "–";
  if (const auto* text = std::get_if<std::string>(&cell))
    return column.starts_with("started") || column.starts_with("updated") ? short_time(*text) : *text;
  if (const auto* real = std::get_if<double>(&cell)) return number_text(column, *real);
  if (const auto* integer = std::get_if<int64_t>(&cell)) return number_text(column, static_cast<double>(*integer));
  return "–";
}

StateWord state_of(const RunSummary& run) {
  const ui::Theme& t = ui::theme();
  if (run.interrupted) return {"interrupted", t.warn};
  switch (run.state) {
    case RunState::preparing: return {"preparing", t.dim};
    case RunState::running: return {"live", t.good};
    case RunState::paused: return {"paused", t.dim};
    case RunState::diverged: return {"diverged", t.warn};
    case RunState::failed: return {"failed", t.bad};
    case RunState::finished: return {"finished", t.dim};
  }
  return {};
}

}  // namespace moescope::panels
