// The knobs that act on a running model.
#include "widgets/panels/knobs.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "compute/records/field_notes.h"
#include "widgets/panels/states.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRowMin = 25, kRowMax = 36;
constexpr double kResendSecs = 0.1, kGiveUpSecs = 10;

std::string number_text(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

double number_of(const RunConfig& config, std::string_view key) {
  const std::string text = get_field(config, key);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return text == "true" ? 1 : value;
}

/// The text as the table of settings writes it; throws ConfigError when the table refuses it.
std::string canonical(const RunConfig& config, std::string_view key, const std::string& text) {
  RunConfig copy = config;
  set_field(copy, key, text);
  return get_field(copy, key);
}

bool has_router(const RunConfig& config) { return config.router.kind != RouterKind::dense; }

float height_of_rows(const Seen& seen, float row) {
  const size_t rows = seen.snapshot ? knobs_for(seen.snapshot->config).size() + has_router(seen.snapshot->config) : 6;
  return px(ui::kHeader + ui::kInset) + static_cast<float>(rows) * px(row);
}

constexpr std::string_view kRouterKey = "router.kind";
constexpr std::string_view kRouters[] = {"tokens_choice", "experts_choice", "soft"};

ui::SliderScale log_track(double min, double max, bool zero) { return {min, max, true, false, zero}; }

}  // namespace

std::vector<Knob> knobs_for(const RunConfig& config) {
  const RouterConfig& r = config.router;
  std::vector<Knob> list;
  const bool tokens = r.kind == RouterKind::tokens_choice, experts = r.kind == RouterKind::experts_choice;
  const bool soft = r.kind == RouterKind::soft;
  const auto max_k = static_cast<double>(std::min<int64_t>(r.num_experts, 8));
  if (tokens && max_k > 1) list.push_back({"router.k", "Experts per token (k)", {1, max_k, false, true, false}});
  if (tokens || experts) list.push_back({"router.capacity_factor", "Capacity factor", log_track(0.05, 8, false)});
  if (tokens) list.push_back({"router.bpr", "Batch Prioritized Routing", {}, true});
  if (tokens || experts || soft) {
    list.push_back({"router.noise_std", "Gate noise", log_track(0.01, 10, true)});
    list.push_back({"router.temperature", "Router temperature", log_track(0.1, 10, false)});
  }
  if (tokens) {
    list.push_back({"router.importance_weight", "Importance loss", log_track(1e-4, 1, true)});
    list.push_back({"router.load_weight", "Load loss", log_track(1e-4, 1, true)});
    list.push_back({"router.gshard_weight", "GShard balance loss", log_track(1e-4, 1, true)});
  }
  list.push_back({"train.learning_rate", "Learning rate", log_track(1e-6, 0.1, true)});
  list.push_back({"train.weight_decay", "Weight decay", log_track(1e-5, 1, true)});
  return list;
}

float Knobs::preferred_height(const Seen& seen) { return height_of_rows(seen, kRowMax); }
float Knobs::least_height(const Seen& seen) { return height_of_rows(seen, kRowMin); }

void Knobs::forget_confirmed(const RunConfig& config, double now) {
  std::erase_if(pending_, [&](const auto& entry) {
    const auto& [key, wish] = entry;
    const bool sent_all = wish.sent == wish.text;
    return sent_all && (get_field(config, key) == wish.text || now - wish.sent_at > kGiveUpSecs);
  });
}

void Knobs::ask(const Knob& knob, const RunConfig& config, const std::string& text, bool now_too, double now,
                std::vector<Command>& out) {
  std::string clean;
  try {
    clean = canonical(config, knob.key, text);
    refusal_.clear();
  } catch (const ConfigError& error) {
    refusal_ = error.what();
    return;
  }
  Pending& wish = pending_[std::string(knob.key)];
  wish.text = clean;
  wish.asked_at = now;
  const bool redraws_routing = knob.key.substr(0, 7) == "router.";
  if (now_too || (redraws_routing && now - wish.sent_at >= kResendSecs)) {
    if (wish.sent == clean) return;
    wish.sent = clean;
    wish.sent_at = now;
    out.emplace_back(SetField{std::string(knob.key), clean});
  }
}

void Knobs::set(const SetField& change, double now, std::vector<Command>& out) {
  refusal_.clear();
  pending_[change.key] = {change.value, now, now, change.value};
  out.emplace_back(change);
}

void Knobs::draw_value(const Rect& area, const Knob& knob, const RunConfig& config, double value, bool pending,
                       double now, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  if (edited_key_ == knob.key) {
    const Rect box{area.x - px(8), area.center_y() - px(12), area.w + px(8), px(24)};
    if (focus_edit_) ImGui::SetKeyboardFocusHere();
    focus_edit_ = false;
    const ui::TextBoxResult result = ui::text_box("##value", box, edited_text_, "", Face::mono);
    if (result.entered) ask(knob, config, edited_text_, true, now, out);
    if (result.entered || result.left) edited_key_.clear();
    return;
  }
  const ui::Hit h = ui::hit("edit", area.inset(0, px(4)));
  if (h.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_TextInput);
  if (h.clicked) edited_key_ = knob.key, edited_text_ = number_text(value), focus_edit_ = true;
  const std::string text = knob.track.integer ? std::to_string(static_cast<int64_t>(value)) : ui::compact(value);
  ui::text_in(area, Face::mono, pending ? t.warn : h.hovered ? t.accent : t.text, text, ui::Align::right);
}

void Knobs::draw_row(Rect row, const Knob& knob, const RunConfig& config, double now, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID(knob.key.data());
  const auto wish = pending_.find(knob.key);
  const bool pending = wish != pending_.end();
  double value = number_of(config, knob.key);
  if (pending) {
    const std::string& text = wish->second.text;
    if (knob.is_toggle)
      value = text == "true";
    else
      std::from_chars(text.data(), text.data() + text.size(), value);
  }
  const ImU32 color = pending ? t.warn : t.accent;
  const Rect label = row.cut_left(std::floor(row.w * 0.43f));
  ui::text_in(label.inset(0, 0), Face::body, t.text, knob.label);
  const Field field = find_field(knob.key);
  const std::string range = knob.is_toggle ? "" : "\n" + ui::compact(field.min) + " to " + ui::compact(field.max);
  const FieldNote note = find_note(knob.key).value_or(FieldNote{});
  ui::tip(label, {knob.label, field.help, std::string(note.formula) + range, note.source});
  if (knob.is_toggle) {
    bool on = value != 0;
    if (ui::toggle("toggle", row, on, color)) ask(knob, config, on ? "true" : "false", true, now, out);
    row.cut_left(px(44));
    ui::text_in(row, Face::small, t.dim, on ? "most confident tokens first" : "tokens in their order");
  } else {
    const Rect number = row.cut_right(px(58));
    row.cut_right(px(8));
    const ui::SliderResult result = ui::slider("slider", row, knob.track, value, color);
    if (result.changed || (result.released && pending))
      ask(knob, config, number_text(value), result.released, now, out);
    draw_value(number, knob, config, value, pending, now, out);
  }
  ImGui::PopID();
}

/// Another router joins the same experts. It starts untrained, so it has to be said twice.
void Knobs::draw_router(Rect row, const RunConfig& config, double now, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID("router");
  const Rect label = row.cut_left(std::floor(row.w * 0.43f));
  ui::text_in(label, Face::body, t.text, "Router");
  const FieldNote note = find_note(kRouterKey).value_or(FieldNote{});
  ui::tip(label, {"Router",
                  "Tokens Choice (V-MoE), Experts Choice or Soft MoE over the same experts. A new router starts "
                  "untrained: accuracy falls and recovers as it learns. The switch is stored with its step.",
                  note.formula, note.source});
  row = {row.x, std::round(row.center_y() - px(12)), row.w, px(24)};
  if (!wanted_router_.empty()) {
    if (ui::button("keep", row.cut_right(px(52)), "Keep", ui::ButtonKind::plain)) wanted_router_.clear();
    row.cut_right(px(6));
    if (ui::button("switch", row.cut_right(px(62)), "Switch", ui::ButtonKind::primary)) {
      set({std::string(kRouterKey), wanted_router_}, now, out);
      wanted_router_.clear();
    }
    row.cut_right(px(8));
    const std::string what = wanted_router_ + " starts untrained";
    ui::text_in(row, Face::small, t.warn, ui::fitting(Face::small, row.w, {what, "it starts untrained", "untrained"}));
  } else {
    static const std::string kWords[] = {"tokens", "experts", "soft"};
    const auto wish = pending_.find(kRouterKey);
    const std::string now_on = wish != pending_.end() ? wish->second.text : get_field(config, kRouterKey);
    const auto chosen = static_cast<int>(std::find(std::begin(kRouters), std::end(kRouters), now_on) - kRouters);
    const int word = ui::segmented("kind", row, kWords, chosen);
    if (word >= 0 && word != chosen) wanted_router_ = kRouters[word];
  }
  ImGui::PopID();
}

Knobs::Remark Knobs::remark() const {
  if (!refusal_.empty()) return {refusal_, ui::theme().bad};
  if (!run_message_.empty()) return {run_message_, ui::theme().warn};
  if (!pending_.empty()) return {"pending", ui::theme().warn};
  return {"live, applied at the next step", ui::theme().dim};
}

void Knobs::draw_ui(const Rect& inside, const Seen& seen, std::vector<Command>& out) {
  ImGui::PushID("knobs");
  if (!seen.snapshot) {
    draw_state(inside, Mood::loading, "No run yet", "The knobs belong to a running model.");
  } else {
    const RunConfig& config = seen.snapshot->config;
    forget_confirmed(config, seen.now_secs);
    const bool going = seen.snapshot->state == RunState::running || seen.snapshot->state == RunState::paused;
    run_message_ = going ? seen.snapshot->message : "";
    const std::vector<Knob> knobs = knobs_for(config);
    const bool router = has_router(config);
    const auto count = static_cast<float>(knobs.size() + router);
    const float row_height = std::floor(std::clamp(inside.h / count, px(kRowMin), px(kRowMax)));
    const Rect wide{inside.x - px(3), inside.y, inside.w + px(6), inside.h};
    const ui::ScrollArea scroll("rows", wide, row_height * count);
    Rect rows{scroll.content().x + px(3), scroll.content().y, scroll.content().w - px(6), 1e6f};
    if (router) draw_router(rows.cut_top(row_height), config, seen.now_secs, out);
    for (const Knob& knob : knobs) draw_row(rows.cut_top(row_height), knob, config, seen.now_secs, out);
  }
  ImGui::PopID();
}

}  // namespace moescope::panels
