// Two lines an agent, like the list of recipes.
#include "widgets/panels/agent_list.h"

#include "compute/records/words.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 44, kField = 26, kGap = 8, kLabel = 18;

void draw_chosen(const Rect& row, bool chosen, bool hovered) {
  const ui::Theme& t = ui::theme();
  if (chosen || hovered) ui::fill(row, ui::fade(t.accent, chosen ? 0.14f : 0.06f), px(4));
  if (chosen) ui::fill({row.x, row.y + px(6), px(3), row.h - px(12)}, t.accent, px(1.5f));
}

bool draw_row(Rect row, const AgentRow& agent, bool chosen) {
  const ui::Theme& t = ui::theme();
  const ui::Hit hit = ui::hit("agent", row);
  draw_chosen(row, chosen, hit.hovered);
  if (hit.hovered) ui::tip(row, {agent.name, agent.detail});
  row = row.inset(px(8), px(3));
  row.cut_left(px(2));
  Rect upper = row.cut_top(row.h / 2);
  const std::string number = std::to_string(agent.run_id);
  ui::text_in(upper.cut_left(px(34)), Face::mono, t.dim, number);
  row.cut_left(px(34));
  ui::text_in(upper.cut_right(px(60)), Face::mono, t.text, agent.right, ui::Align::right);
  ui::text_in(upper, Face::body, t.text, ui::fit_text(Face::body, agent.name, upper.w));
  ui::text_in(row, Face::small, t.dim, ui::fit_text(Face::small, agent.detail, row.w));
  return hit.clicked;
}

Rect field(Rect& area, std::string_view name) {
  ui::text_in(area.cut_top(px(kLabel)), Face::small, ui::theme().dim, name);
  const Rect line = area.cut_top(px(kField));
  area.cut_top(px(kGap));
  return line;
}

}  // namespace

int64_t draw_agent_list(const Rect& area, std::span<const AgentRow> rows, int64_t chosen, const std::string& empty) {
  const Rect inside =
      ui::panel(area, "Stored agents", rows.empty() ? "" : std::to_string(rows.size()) + ", last return");
  if (rows.empty()) {
    draw_state(inside, Mood::empty, "None yet", empty);
    return 0;
  }
  const ui::ScrollArea scroll("agents", inside, px(kRow) * static_cast<float>(rows.size()));
  const auto [first, last] = scroll.rows_in_view(static_cast<int64_t>(rows.size()), px(kRow));
  int64_t clicked = 0;
  for (int64_t i = first; i < last; ++i) {
    const Rect& c = scroll.content();
    const AgentRow& row = rows[static_cast<size_t>(i)];
    ImGui::PushID(static_cast<int>(i));
    if (draw_row({c.x, c.y + px(kRow) * static_cast<float>(i), c.w, px(kRow)}, row, row.run_id == chosen))
      clicked = row.run_id;
    ImGui::PopID();
  }
  return clicked;
}

float training_card_height() { return px(ui::kHeader + ui::kInset + kRow + kGap + kField); }

TrainingWish draw_training_card(const Rect& area, const TrainingCard& card) {
  const ui::Theme& t = ui::theme();
  TrainingWish wish = TrainingWish::none;
  ImGui::PushID("training");
  const std::string state = !card.trouble.empty() ? "" : card.paused ? "paused" : card.running ? "running" : "finished";
  Rect inside = ui::panel(area, "In training", state);
  Rect row = inside.cut_top(px(kRow));
  const ui::Hit hit = ui::hit("live", row);
  if (hit.clicked) wish = TrainingWish::open;
  draw_chosen(row, card.chosen, hit.hovered);
  row = row.inset(px(10), px(3));
  ui::text_in(row.cut_top(row.h / 2), Face::body, t.text, ui::fit_text(Face::body, card.name, row.w));
  const bool wrong = !card.trouble.empty();
  const std::string& line = wrong ? card.trouble : card.line;
  ui::text_in(row, Face::small, wrong ? t.bad : t.dim, ui::fit_text(Face::small, line, row.w));
  if (hit.hovered) ui::tip(row, {card.name, line});
  inside.cut_top(px(kGap));
  Rect buttons = inside.cut_top(px(kField));
  const Rect left = buttons.cut_left((buttons.w - px(6)) / 2);
  buttons.cut_left(px(6));
  if (ui::button("pause", left, card.paused ? "Go on" : "Pause", ui::ButtonKind::plain, card.running || card.paused))
    wish = card.paused ? TrainingWish::go_on : TrainingWish::pause;
  if (ui::button("stop", buttons, "Save and end", ui::ButtonKind::plain)) wish = TrainingWish::stop;
  ImGui::PopID();
  return wish;
}

std::span<const std::string> AgentForm::games() {
  static const std::string kGames[] = {"asterix",        "breakout", "freeway", "seaquest",
                                       "space_invaders", "cartpole", "acrobot"};
  return kGames;
}
std::span<const std::string> AgentForm::layers() {
  static const std::string kLayers[] = {"dense", "soft", "top1"};
  return kLayers;
}
std::span<const std::string> AgentForm::expert_counts() {
  static const std::string kCounts[] = {"1", "2", "4", "8", "16"};
  return kCounts;
}

std::vector<std::string> AgentForm::assignments() const {
  std::vector<std::string> list = {"rl.layer=" + layers()[static_cast<size_t>(layer)]};
  if (layer > 0) list.push_back("rl.experts=" + expert_counts()[static_cast<size_t>(experts)]);
  for (std::string& setting : words_of(settings, " \t")) list.push_back(std::move(setting));
  return list;
}

float agent_form_height() { return px(ui::kHeader + ui::kInset + 4 * (kLabel + kField + kGap) + kField + 76); }

bool draw_agent_form(const Rect& area, AgentForm& form) {
  ImGui::PushID("new agent");
  Rect inside = ui::panel(area, "New agent");
  const Rect train = inside.cut_bottom(px(kField));
  ui::text_in(inside.cut_top(px(kLabel)), Face::small, ui::theme().dim, "game");
  std::vector<std::string> names(AgentForm::games().begin(), AgentForm::games().end());
  for (std::string& name : names) std::replace(name.begin(), name.end(), '_', ' ');
  if (const int clicked = ui::words(
          "game", inside, names, [&](size_t i) { return static_cast<int>(i) == form.game; }, 3);
      clicked >= 0)
    form.game = clicked;
  inside.cut_top(px(kGap));
  const Rect layers = field(inside, "penultimate layer");
  ui::tip(layers, {"Penultimate layer", "Dense, Soft MoE, or Top-1 MoE over tokens.", "", "arXiv 2402.08609"});
  if (const int clicked = ui::segmented("layer", layers, AgentForm::layers(), form.layer); clicked >= 0)
    form.layer = clicked;
  if (form.layer > 0) {
    const Rect experts = field(inside, "experts");
    if (const int clicked = ui::segmented("experts", experts, AgentForm::expert_counts(), form.experts); clicked >= 0)
      form.experts = clicked;
  }
  const Rect more = field(inside, "settings");
  ui::text_box("##settings", more, form.settings, "seed=1 hidden=64");
  ui::tip(more, {"Settings", "key=value, apart by spaces; `moescope rl train --list-settings` names them all."});
  const bool asked = ui::button("train", train, "Train", ui::ButtonKind::primary);
  ui::tip(train, {"Train", "In this window, until it is ended; an agent that trains already is saved first."});
  ImGui::PopID();
  return asked;
}

}  // namespace moescope::panels
