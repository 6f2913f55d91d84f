// Rows are slots or experts, columns tokens.
#include "widgets/panels/routing_matrix.h"

#include <vector>

#include "widgets/panels/routing_view.h"
#include "widgets/plots/matrix.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

std::string token_name(const RoutingMap& map, int64_t token) {
  const int64_t patch = patch_of_token(map, token);
  if (map.grid_width == 0 || patch < 0) return "token " + std::to_string(token);
  return "cell (" + std::to_string(patch / map.grid_width) + ", " + std::to_string(patch % map.grid_width) + ")";
}

}  // namespace

void draw_routing_matrix(const ui::Rect& area, const Seen& seen, const RoutingMap& map, Selection& selection) {
  const bool soft = !is_sparse(map);
  plots::Matrix matrix;
  matrix.rows = soft ? num_slots(map) : map.num_experts;
  matrix.columns = map.num_tokens;
  std::vector<float> values;
  values.reserve(static_cast<size_t>(matrix.rows * matrix.columns));
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t token = 0; token < matrix.columns; ++token)
      values.push_back(soft ? dispatch_times(map, token, row) : gate_of(map, token, row));
  matrix.values = values;
  matrix.high = soft ? scale_top(soft_range(map).typical_peak) : 1;
  matrix.low_name = "0", matrix.high_name = soft ? ui::times(static_cast<double>(matrix.high)) : "1";
  matrix.key = ui::texture_key({11}), matrix.version = ui::texture_key({seen.serial, static_cast<uint64_t>(map.layer)});
  const auto expert_of = [&map, soft](int64_t row) { return soft ? expert_of_slot(map, row) : row; };
  matrix.row_name = [&, soft](int64_t row) {
    const std::string expert = "E" + std::to_string(expert_of(row));
    return soft && map.slots_per_expert > 1 ? expert + "." + std::to_string(row % map.slots_per_expert) : expert;
  };
  matrix.column_name = [&](int64_t token) { return std::to_string(token); };
  matrix.row_expert = expert_of;
  matrix.row_title = soft ? "slot" : "expert", matrix.column_title = map.grid_width > 0 ? "cell of the frame" : "token";
  matrix.lit_column = selection.token();
  const plots::MatrixHit hit = plots::draw_matrix(area, *seen.textures, matrix);
  if (hit.row < 0 || hit.column < 0) return;
  selection.hovering.token = hit.column;
  selection.hovering.expert = expert_of(hit.row);
  if (soft) selection.hovering.slot = hit.row;
  const float value = values[static_cast<size_t>(hit.row * matrix.columns + hit.column)];
  ui::tip_now({matrix.row_name(hit.row) + ", " + token_name(map, hit.column), "",
               soft ? "dispatch " + ui::times(static_cast<double>(value)) + " uniform"
                    : "gate " + ui::fixed(static_cast<double>(value), 3)});
}

}  // namespace moescope::panels
