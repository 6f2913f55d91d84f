// One patch in words.
#include "widgets/panels/patch_detail.h"

#include <algorithm>
#include <numeric>

#include "widgets/panels/shown.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// A swatch with the expert's name and a number, returns the x after it.
float draw_expert(Rect row, int64_t expert, const std::string& text, bool struck) {
  const ui::Theme& t = ui::theme();
  ui::expert_swatch(row, expert, struck ? 0.4f : 1.f);
  row.cut_left(px(18));
  const float end = ui::text_in(row, Face::mono, struck ? t.faint : t.text, text);
  if (struck) ui::hline(row.x, end, row.center_y(), t.dim);
  return end + px(14);
}

std::string expert_name(int64_t expert) { return "E" + std::to_string(expert); }

/// "E4 1/13": the place it took of those that there are; "E1 full", "E1 off": why it took none.
std::string brief_fate(const RoutingMap& map, const Choice& choice) {
  const std::string name = expert_name(choice.expert);
  if (choice.drop == DropReason::expert_off) return name + " off";
  if (choice.drop == DropReason::expert_full) return name + " full";
  return name + " " + std::to_string(choice.place + 1) + "/" + std::to_string(map.capacity);
}

void draw_sparse(Rect area, const RoutingMap& map, int64_t token) {
  const ui::Theme& t = ui::theme();
  const float label = px(66), row_height = px(21);
  const std::vector<Choice> wanted = choices(map, token);
  Rect row = area.cut_top(row_height);
  ui::text_in(row.cut_left(label), Face::small, t.dim, "wanted");
  for (const Choice& choice : wanted) {
    const std::string text = expert_name(choice.expert) + " " + ui::fixed(choice.gate, 2);
    const float end = draw_expert(row, choice.expert, text, !choice.executed());
    row.cut_left(end - row.x);
  }
  if (wanted.empty()) ui::text_in(row, Face::small, t.dim, "no expert took this patch");
  row = area.cut_top(row_height);
  ui::text_in(row.cut_left(label), Face::small, t.dim, "executed");
  const Choice executed = executed_choice(map, token);
  if (executed.expert >= 0 && wanted.size() > 1 && executed.place >= 0) {
    for (const Choice& choice : wanted) {
      const std::string text = brief_fate(map, choice);
      if (row.w < ui::text_width(Face::mono, text) + px(20)) break;
      row.cut_left(draw_expert(row, choice.expert, text, !choice.executed()) - row.x);
    }
  } else if (executed.expert >= 0) {
    const float end = draw_expert(row, executed.expert, expert_name(executed.expert), false);
    row.cut_left(end - row.x);
    ui::text_in(row, Face::mono, t.dim, fate(map, executed));
  } else {
    const std::string why = wanted.empty() ? "passes by the layer unchanged" : "dropped: " + fate(map, wanted.front());
    ui::text_in(row, Face::small, t.warn, why);
  }
}

void draw_soft(Rect area, const RoutingMap& map, int64_t token) {
  const ui::Theme& t = ui::theme();
  for (const bool combine : {true, false}) {
    Rect row = area.cut_top(px(21));
    ui::text_in(row.cut_left(px(66)), Face::small, t.dim, combine ? "reads" : "feeds");
    for (const auto& [slot, times] : top_slots(map, token, combine, 3)) {
      const std::string text = expert_name(expert_of_slot(map, slot)) + "·" +
                               std::to_string(slot % map.slots_per_expert) + " " + ui::times(times);
      if (row.w < ui::text_width(Face::mono, text) + px(20)) break;
      row.cut_left(draw_expert(row, expert_of_slot(map, slot), text, false) - row.x);
    }
  }
}

}  // namespace

std::string fate(const RoutingMap& map, const Choice& choice) {
  if (choice.drop == DropReason::expert_off) return expert_name(choice.expert) + " is off";
  const std::string of = std::to_string(choice.place + 1) + " of " + std::to_string(map.capacity);
  if (choice.drop == DropReason::expert_full) return expert_name(choice.expert) + " is full, this was place " + of;
  return choice.place >= 0 ? "place " + of : "executed";
}

std::vector<plots::Bar> PatchDetail::prediction(const Snapshot& snapshot, const ImageView& view,
                                                const std::vector<float>* factual, size_t count) {
  const std::vector<float>& now = view.probabilities;
  const std::vector<float>& base = factual && factual->size() == now.size() ? *factual : now;
  std::vector<size_t> order(now.size());
  std::iota(order.begin(), order.end(), size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](size_t a, size_t b) { return base[a] > base[b]; });
  std::vector<plots::Bar> bars;
  for (size_t i = 0; i < count; ++i) {
    const size_t c = order[i];
    plots::Bar bar;
    bar.name = c < snapshot.class_names.size() ? snapshot.class_names[c] : "class " + std::to_string(c);
    bar.value = base[c];
    bar.has_other = factual != nullptr;
    bar.other = now[c];
    bar.is_truth = static_cast<int64_t>(c) == view.label;
    bars.push_back(std::move(bar));
  }
  return bars;
}

std::string PatchDetail::effect(const ImageLook& look, const RoutingMap& map) {
  const int64_t count = count_rerouted(look, map.layer);
  return std::to_string(count) + " of " + std::to_string(num_patches(map)) + " patches re-routed, margin " +
         ui::fixed(look.margin_before, 1) + " → " + ui::fixed(look.margin_after, 1);
}

void PatchDetail::draw_ui(const Rect& area, const Seen& seen, const Selection& selection) {
  const ImageView* view = shown_view(seen, selection);
  const RoutingMap* map = view ? shown_map(seen, selection) : nullptr;
  if (!map || area.empty()) return;
  const ui::Theme& t = ui::theme();
  const ImageLook* look = shown_look(seen, selection);
  ui::fill(area, t.raised, px(6));
  Rect inside = area.inset(px(14), px(8));
  Rect right = inside.cut_right(inside.w * 0.48f);
  inside.cut_right(px(16));

  Rect title = inside.cut_top(px(22));
  const int64_t token = selection.token();
  if (token >= 0 && token < map->num_tokens) {
    const int64_t patch = patch_of_token(*map, token);
    ui::text_in(title, Face::title, t.text,
                patch < 0 ? "Class token"
                          : "Patch (" + std::to_string(patch / map->grid_width) + ", " +
                                std::to_string(patch % map->grid_width) + ")");
    if (is_sparse(*map))
      draw_sparse(inside, *map, token);
    else
      draw_soft(inside, *map, token);
  } else {
    ui::text_in(title, Face::title, t.text, "Patch");
    ui::text_block(inside, Face::small, t.dim,
                   is_sparse(*map) ? "Move over a patch to see which experts it wanted and got."
                                   : "Move over a patch to see which slots it feeds and reads.");
  }

  Rect head = right.cut_top(px(16));
  const std::string truth = view->label >= 0 && static_cast<size_t>(view->label) < seen.snapshot->class_names.size()
                                ? "true class " + seen.snapshot->class_names[static_cast<size_t>(view->label)]
                                : "";
  const bool changed = look && !selection.asking.reference;
  const std::string note = changed ? effect(*look, *map) : look ? "as it is" : truth;
  ui::text_in(head.cut_left(px(76)), Face::small, t.dim, "prediction");
  ui::text_in(head, Face::small, changed ? t.warn : t.faint, ui::fitting(Face::small, head.w, {note, truth}),
              ui::Align::right);
  plots::draw_bars(right, prediction(*seen.snapshot, *view, changed ? &look->as_is.probabilities : nullptr, 3), 16);
}

}  // namespace moescope::panels
