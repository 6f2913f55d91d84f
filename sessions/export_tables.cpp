// Cells of exported tables.
#include "sessions/export_tables.h"

#include <charconv>
#include <cmath>

namespace moescope {
namespace {

/// True when the row has this column and it is NULL.
bool absent(const Statement& row, std::string_view column) {
  for (int i = 0; i < row.num_columns(); ++i) {
    if (row.column_name(i) == column) return row.is_null(i);
  }
  return false;
}

}  // namespace

bool null_is_nan(const Statement& row, const std::string& column) {
  if (column == "value" || column == "gflops_per_image") return true;
  // The run table says by the step whether there is such a number; the other tables' numbers are always there.
  if (column == "loss") return !absent(row, "loss_step");
  if (column == "accuracy") return !absent(row, "accuracy_step");
  if (column == "test_accuracy" || column == "test_loss") return !absent(row, "test_step");
  return column == "temperature" || column == "actual_capacity_factor" || column == "scale";
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

}  // namespace moescope
