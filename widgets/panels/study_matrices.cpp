// Tables over experts: with classes, and with each other.
#include <algorithm>

#include "widgets/panels/states.h"
#include "widgets/panels/study_views.h"
#include "widgets/plots/matrix.h"
#include "widgets/ui/draw.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

std::string expert_name(int64_t expert) { return "E" + std::to_string(expert); }

template <class Layer>
const Layer* find_layer(const std::vector<Layer>& layers, int64_t layer) {
  for (const Layer& one : layers)
    if (one.layer == layer) return &one;
  return nullptr;
}

}  // namespace

std::string class_name(const Seen& seen, int64_t label) {
  const auto c = static_cast<size_t>(label);
  return seen.snapshot && label >= 0 && c < seen.snapshot->class_names.size() ? seen.snapshot->class_names[c]
                                                                              : "class " + std::to_string(label);
}

ImU32 class_color(int64_t label) { return ui::expert_color(label); }

void draw_affinity(const Rect& area, const Seen& seen, const Affinity& affinity, Selection& selection) {
  const LayerAffinity* layer = find_layer(affinity.layers, selection.layer);
  if (!layer) return draw_state(area, Mood::empty, "Another layer", "Ask again for this layer.");
  const ui::Theme& t = ui::theme();
  Rect rest = area;
  Rect line = rest.cut_top(px(18));
  const std::string numbers = "information " + ui::fixed(layer->class_information, 2) + " of " +
                              ui::fixed(layer->class_entropy, 2) + " nats, of position " +
                              ui::fixed(layer->position_information, 2) + ", held-out replication " +
                              ui::fixed(layer->replication, 2);
  ui::text_in(line, Face::small, layer->replication < 0.8 ? t.warn : t.dim,
              ui::fitting(Face::small, line.w, {numbers, "replication " + ui::fixed(layer->replication, 2)}));
  ui::tip(line,
          {"Does the expert follow the class?",
           "Mutual information of a patch's expert and its image's class, beside that of expert and position, the "
           "confound. Replication: correlation of this table between even and odd images; below 0.8 it is mostly "
           "chance.",
           numbers, "V-MoE, arXiv 2106.05974, figure 7"});
  std::vector<float> values;
  for (const int32_t c : layer->class_order)
    for (const int32_t e : layer->expert_order)
      values.push_back(layer->share[static_cast<size_t>(e * layer->num_classes + c)]);
  plots::Matrix m;
  m.rows = layer->num_classes, m.columns = layer->num_experts;
  m.values = values;
  m.high = std::min(1.f, 4.f / static_cast<float>(std::max<int64_t>(1, layer->num_experts)));  // locked: 4 × uniform
  m.low_name = "0 %", m.high_name = "≥" + ui::percent(m.high);
  m.key = ui::texture_key({20});
  m.version = ui::texture_key({seen.serial, static_cast<uint64_t>(layer->layer)});
  m.row_name = [&](int64_t r) { return class_name(seen, layer->class_order[static_cast<size_t>(r)]); };
  m.column_name = [&](int64_t c) { return std::to_string(layer->expert_order[static_cast<size_t>(c)]); };
  m.column_expert = [&](int64_t c) { return int64_t{layer->expert_order[static_cast<size_t>(c)]}; };
  for (int64_t c = 0; c < m.columns; ++c)
    if (layer->expert_order[static_cast<size_t>(c)] == selection.expert()) m.lit_column = c;
  const plots::MatrixHit hit = plots::draw_matrix(rest, *seen.textures, m);
  if (hit.row < 0) return;
  const int64_t e = layer->expert_order[static_cast<size_t>(hit.column)];
  selection.hovering.expert = e;
  if (hit.clicked) selection.pinned.expert = selection.pinned.expert == e ? -1 : e;
  const float share = values[static_cast<size_t>(hit.row * m.columns + hit.column)];
  ui::tip_now({expert_name(e) + " and " + m.row_name(hit.row), "",
               ui::percent(share) + " of the class's patches, " +
                   ui::times(share * static_cast<float>(layer->num_experts)) + " uniform"});
}

void draw_coactivation(const Rect& area, const Seen& seen, const Coactivation& co, bool to_next, Selection& selection) {
  const LayerCoactivation* layer = find_layer(co.layers, selection.layer);
  if (!layer) return draw_state(area, Mood::empty, "Another layer", "Ask again for this layer.");
  const std::vector<float>& values = to_next ? layer->to_next : layer->together;
  if (values.empty()) return draw_state(area, Mood::empty, "The last MoE layer", "No layer follows it.");
  plots::Matrix m;
  m.rows = layer->num_experts;
  m.columns = static_cast<int64_t>(values.size()) / std::max<int64_t>(1, m.rows);
  m.values = values;
  m.high = std::min(1.f, 4.f / static_cast<float>(std::max<int64_t>(1, m.columns)));
  m.low_name = "0 %", m.high_name = "≥" + ui::percent(m.high);
  m.key = ui::texture_key({21});
  m.version = ui::texture_key({seen.serial, static_cast<uint64_t>(layer->layer), to_next});
  m.row_name = expert_name;
  m.column_name = [](int64_t e) { return std::to_string(e); };
  m.row_expert = m.column_expert = [](int64_t e) { return e; };
  m.lit_row = selection.expert();
  m.row_title = "of", m.column_title = to_next ? "then" : "also";
  const plots::MatrixHit hit = plots::draw_matrix(area, *seen.textures, m);
  if (hit.row < 0) return;
  selection.hovering.expert = hit.row;
  if (hit.clicked) selection.pinned.expert = selection.pinned.expert == hit.row ? -1 : hit.row;
  const std::string share = ui::percent(values[static_cast<size_t>(hit.row * m.columns + hit.column)]);
  const std::string what = to_next ? " of its patches go on to " : " of its patches also go to ";
  ui::tip_now({expert_name(hit.row), "", share + what + expert_name(hit.column)});
}

}  // namespace moescope::panels
