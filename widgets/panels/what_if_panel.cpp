// The knobs of the look.
#include "widgets/panels/what_if_panel.h"

#include <cmath>

#include "widgets/panels/image_view.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 30;

Rect next_row(Rect& rows, std::string_view label, const ui::Tip& tip) {
  Rect row = rows.cut_top(px(kRow));
  const Rect words = row.cut_left(std::floor(row.w * 0.40f));
  ui::text_in(words, Face::body, ui::theme().text, label);
  ui::tip(words, tip);
  return row;
}

/// A slider for a number that may be as it is; what is set stands in the colour of changed things, and a click on the
/// number sets it back. True when the value changed.
bool number_row(Rect& rows, std::string_view label, const ui::Tip& tip, const ui::SliderScale& scale, double as_is,
                std::optional<double>& asked) {
  const ui::Theme& t = ui::theme();
  Rect row = next_row(rows, label, tip);
  ImGui::PushID(label.data());
  const Rect number = row.cut_right(px(66));
  row.cut_right(px(8));
  double value = asked.value_or(as_is);
  const bool moved = ui::slider("slider", row, scale, value, asked ? t.warn : t.accent).changed;
  if (moved) asked = value;
  const ui::Hit h = ui::hit("reset", number.inset(0, px(4)));
  const bool reset = h.clicked && asked;
  if (reset) asked.reset();
  const std::string text = scale.integer ? std::to_string(std::lround(value)) : ui::compact(value);
  ui::text_in(number, Face::mono, asked ? t.warn : t.text, text, ui::Align::right);
  if (asked && h.hovered) ui::tip(number, {"Back to " + ui::compact(as_is), "Click to ask this as the model is."});
  ImGui::PopID();
  return moved || reset;
}

/// The same for an optional whole number of the record.
void whole_row(Rect& rows, std::string_view label, const ui::Tip& tip, double most, int64_t as_is,
               std::optional<int64_t>& asked) {
  std::optional<double> number;
  if (asked) number = static_cast<double>(*asked);
  if (!number_row(rows, label, tip, {1, most, false, true, false}, static_cast<double>(as_is), number)) return;
  asked.reset();
  if (number && std::llround(*number) != as_is) asked = std::llround(*number);
}

double capacity_of(const RouterConfig& r) {
  return r.eval_capacity_factor > 0 ? r.eval_capacity_factor : r.capacity_factor;
}

template <class Edit>
Edit* find_edit(WhatIf& what_if) {
  for (ImageEdit& edit : what_if.edits)
    if (Edit* found = std::get_if<Edit>(&edit)) return found;
  return nullptr;
}

/// Sets, changes or removes the one edit of its kind.
template <class Edit>
void set_edit(WhatIf& what_if, const Edit& edit) {
  std::erase_if(what_if.edits, [](const ImageEdit& one) { return std::holds_alternative<Edit>(one); });
  if (!(edit == Edit{})) what_if.edits.emplace_back(edit);
}

}  // namespace

void WhatIfPanel::draw_router_rows(Rect& rows, const Snapshot& snapshot, WhatIf& what_if) {
  const RouterConfig& r = snapshot.config.router;
  const bool tokens = r.kind == RouterKind::tokens_choice, soft = r.kind == RouterKind::soft;
  if (tokens)
    whole_row(rows, "Experts per token (k)",
              {"k at inference", "How many experts each patch of the image asks for. The weights were trained with " +
                                     std::to_string(r.k) + "."},
              static_cast<double>(std::min<int64_t>(r.num_experts, 8)), r.k, what_if.k);
  if (!soft)
    number_row(
        rows, "Capacity factor",
        {"Capacity at inference", "Slots per expert relative to a fair share; below 1 some patches must be dropped.",
         "capacity = factor × k × tokens / E", "V-MoE, arXiv 2106.05974, section 4"},
        {0.05, 8, true, false, false}, capacity_of(r), what_if.capacity_factor);
  if (tokens) {
    Rect row = next_row(rows, "Batch Prioritized",
                        {"Batch Prioritized Routing", "The most confident patches get their slot first."});
    bool on = what_if.bpr.value_or(r.bpr);
    if (ui::toggle("bpr", row, on, what_if.bpr ? ui::theme().warn : ui::theme().accent)) {
      what_if.bpr.reset();
      if (on != r.bpr) what_if.bpr = on;
    }
    row.cut_left(px(44));
    ui::text_in(row, Face::small, ui::theme().dim,
                ui::fitting(Face::small, row.w, {on ? "most confident patches first" : "patches in their order"}));
  }
  if (soft)
    whole_row(rows, "Slots per expert", {"Slots at inference", "The first so many slots of each expert."},
              static_cast<double>(slots_per_expert(snapshot)), slots_per_expert(snapshot), what_if.slots_per_expert);
  number_row(rows, "Router temperature",
             {"Temperature", "The logits are divided by it.", "softmax(logits / temperature)"},
             {0.1, 10, true, false, false}, r.temperature, what_if.temperature);
  std::optional<double> kept;
  if (what_if.kept.count > 0) kept = static_cast<double>(what_if.kept.count);
  const auto experts = static_cast<double>(r.num_experts);
  if (number_row(rows, "Experts kept",
                 {"Experts kept", "Only so many experts of each layer work, chosen anew for each image.", "",
                  "Beyond Parameter Count, arXiv 2409.00879, algorithm 1"},
                 {1, experts, false, true, false}, experts, kept))
    what_if.kept.count = kept && *kept < experts ? std::llround(*kept) : 0;
  const std::string words[] = {"combine", "random", "load"};
  Rect row = next_row(rows, "   chosen by",
                      {"Chosen by",
                       "Their combine weight (or gate), at random, or the patches "
                       "whose best expert they are."});
  row = {row.x, row.center_y() - px(11), row.w, px(22)};
  const int by = ui::segmented("by", row, words, static_cast<int>(what_if.kept.by));
  if (by >= 0) what_if.kept.by = static_cast<KeepBy>(by);
  if (what_if.kept.count == 0 && by < 0) what_if.kept.by = KeepBy::combine;
}

void WhatIfPanel::draw_expert_rows(Rect& rows, const RunConfig& config, const Seen& seen, Selection& selection) {
  const ui::Theme& t = ui::theme();
  WhatIf& what_if = selection.asking.lasting;
  const int64_t expert = selection.pinned.expert, layer = selection.layer;
  const RoutingMap* map = shown_map(seen, selection);
  if (expert < 0) {
    ui::text_in(rows.cut_top(px(kRow)), Face::small, t.faint, "click an expert, or press ] to swap or force it");
    return;
  }
  const std::string name = "E" + std::to_string(expert);
  replace_by_ = std::clamp<int64_t>(replace_by_, 0, config.router.num_experts - 1);
  Rect row = next_row(
      rows, name + " computed by",
      {"Another expert's weights", "Routing stays; what goes to " + name + " is computed by the other expert."});
  const auto found = std::find_if(what_if.replaced.begin(), what_if.replaced.end(), [&](const ExpertReplaced& one) {
    return one.layer == layer && one.expert == expert;
  });
  const bool set = found != what_if.replaced.end();
  const Rect swap = row.cut_right(px(58));
  row.cut_right(px(6));
  const Rect number = row.cut_right(px(40));
  double by = static_cast<double>(set ? found->by : expert);
  const bool moved = ui::slider("by", row, {0, static_cast<double>(config.router.num_experts - 1), false, true, false},
                                by, set ? t.warn : t.accent)
                         .changed;
  replace_by_ = std::llround(by);
  ui::text_in(number, Face::mono, set ? t.warn : t.text, "E" + std::to_string(replace_by_), ui::Align::right);
  const auto drop = [&](int64_t of) {
    std::erase_if(what_if.replaced, [&](const ExpertReplaced& one) { return one.layer == layer && one.expert == of; });
  };
  if (moved) {
    drop(expert);
    if (replace_by_ != expert) what_if.replaced.push_back({layer, expert, replace_by_});
  }
  if (ui::button("swap", {swap.x, swap.y + px(3), swap.w, swap.h - px(6)}, "swap", ui::ButtonKind::plain,
                 replace_by_ != expert)) {
    drop(expert), drop(replace_by_);
    what_if.replaced.push_back({layer, expert, replace_by_});
    what_if.replaced.push_back({layer, replace_by_, expert});
  }
  const int64_t token = selection.pinned.token;
  const int64_t patch = map && token >= 0 ? patch_of_token(*map, token) : -1;
  if (patch < 0 || config.router.kind == RouterKind::experts_choice) return;
  row = rows.cut_top(px(kRow));
  const std::string words = "force " + patch_name(*map, token) + " to " + name;
  if (ui::button("force", {row.x, row.y + px(3), row.w, row.h - px(6)}, words)) {
    std::erase_if(what_if.forced, [&](const PatchForced& one) { return one.layer == layer && one.patch == patch; });
    what_if.forced.push_back({layer, patch, expert});
  }
}

void WhatIfPanel::draw_image_rows(Rect& rows, Selection& selection) {
  WhatIf& what_if = selection.asking.lasting;
  const std::string words[] = {"point", "occlude", "paint"};
  Rect row = next_row(rows, "A click on the image",
                      {"Brush",
                       "Occlude covers a patch, or uncovers it; paint draws white "
                       "pixels. Z covers the pointed patch while it is held."});
  row = {row.x, row.center_y() - px(11), row.w, px(22)};
  const int word = ui::segmented("brush", row, words, static_cast<int>(selection.asking.brush));
  if (word >= 0) selection.asking.brush = static_cast<Brush>(word);
  const AddNoise* noise = find_edit<AddNoise>(what_if);
  std::optional<double> deviation;
  if (noise) deviation = noise->deviation;
  if (number_row(rows, "Noise", {"Noise", "Normal noise on every pixel, in steps of 0 to 255; always the same draw."},
                 {0, 100, false, true, false}, 0, deviation))
    set_edit(what_if, AddNoise{deviation.value_or(0), 0});
  const ShiftImage* shift = find_edit<ShiftImage>(what_if);
  std::optional<double> right, down;
  if (shift && shift->right) right = static_cast<double>(shift->right);
  if (shift && shift->down) down = static_cast<double>(shift->down);
  const ui::SliderScale pixels{-14, 14, false, true, false};
  const bool moved_right =
      number_row(rows, "Shift right", {"Shift", "In pixels; what comes in is black."}, pixels, 0, right);
  const bool moved_down =
      number_row(rows, "Shift down", {"Shift", "In pixels; what comes in is black."}, pixels, 0, down);
  if (moved_right || moved_down)
    set_edit(what_if, ShiftImage{std::llround(right.value_or(0)), std::llround(down.value_or(0))});
}

void WhatIfPanel::draw_ui(const Rect& inside, const Seen& seen, Selection& selection) {
  if (!seen.snapshot || seen.snapshot->config.router.kind == RouterKind::dense) {
    draw_state(inside, seen.snapshot ? Mood::empty : Mood::loading, seen.snapshot ? "Nothing to ask" : "No run yet",
               seen.snapshot ? "A dense model routes nothing." : "Questions need a model.");
    return;
  }
  const RunConfig& config = seen.snapshot->config;
  ImGui::PushID("what if");
  draw_rows(inside, config, seen, selection);
  ImGui::PopID();
}

void WhatIfPanel::draw_rows(const Rect& inside, const RunConfig& config, const Seen& seen, Selection& selection) {
  const Rect wide{inside.x - px(3), inside.y, inside.w + px(6), inside.h};
  const ui::ScrollArea scroll("rows", wide, static_cast<float>(rows_) * px(kRow));
  const Rect& content = scroll.content();
  Rect rows{content.x + px(3), content.y, content.w - px(6), 1e6f};
  draw_router_rows(rows, *seen.snapshot, selection.asking.lasting);
  draw_expert_rows(rows, config, seen, selection);
  draw_image_rows(rows, selection);
  Rect row = rows.cut_top(px(kRow));
  const bool asked = !selection.asking.lasting.is_nothing();
  if (ui::button("reset", {row.x, row.y + px(3), row.w, row.h - px(6)}, "As it is  (R)", ui::ButtonKind::plain, asked))
    selection.asking.lasting = {};
  rows_ = static_cast<int>(std::lround((rows.y - content.y) / px(kRow)));
}

void WhatIfPanel::take_keys(const Seen& seen, Selection& selection) {
  if (ui::typed('r') > 0) selection.asking.lasting = {};
  selection.asking.reference = ui::shift_held();
  const RoutingMap* map = shown_map(seen, selection);
  if (!ui::key_held('z') || !map) {
    selection.asking.held_patch.reset();
  } else if (selection.hovered.token >= 0) {
    const int64_t patch = patch_of_token(*map, selection.hovered.token);
    if (patch >= 0) selection.asking.held_patch = patch;
  }
}

bool take_brush(const Picture& picture, const ImageView& view, const RoutingMap& map, Selection& selection) {
  const Brush brush = selection.asking.brush;
  if (brush == Brush::none) return false;
  WhatIf& what_if = selection.asking.lasting;
  const ImGuiIO& io = ImGui::GetIO();
  if (brush == Brush::occlude && clicked(picture)) {
    const ImageEdit edit = OccludePatch{patch_under_mouse(picture, map), 0};
    if (std::erase(what_if.edits, edit) == 0) what_if.edits.push_back(edit);
  }
  const bool down = ImGui::IsMouseDown(0) && picture.frame.contains(io.MouseClickedPos[0]) &&
                    picture.frame.contains(io.MousePos) &&
                    ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
  if (brush == Brush::paint && down) {
    const Rect& all = picture.content;
    const float scale = all.w / static_cast<float>(std::max<int64_t>(1, view.pixels.width));
    const auto row = static_cast<int64_t>((io.MousePos.y - all.y) / scale);
    const auto column = static_cast<int64_t>((io.MousePos.x - all.x) / scale);
    const ImageEdit edit = PaintSpot{row, column, std::max<int64_t>(0, view.pixels.width / 56), {255, 255, 255}};
    if (std::find(what_if.edits.begin(), what_if.edits.end(), edit) == what_if.edits.end())
      what_if.edits.push_back(edit);
  }
  return true;
}

}  // namespace moescope::panels
