// Wishes of the panels go through the door; what comes back is drawn as it is.
#include "window/agents_page.h"

#include <algorithm>
#include <cmath>

#include "compute/records/rl_config_fields.h"
#include "compute/records/rl_presets.h"
#include "widgets/panels/action_values.h"
#include "widgets/panels/routing_matrix.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"

namespace moescope {
namespace {

using ui::px;
using ui::Rect;

constexpr int64_t kFrameImage = int64_t{1} << 40;  // as a "test image": apart from those of any data set
constexpr double kReplayEverySecs = 3;
constexpr struct {
  int key;
  std::string_view action;
} kMoves[] = {{263, "left"}, {262, "right"}, {265, "up"}, {264, "down"}, {32, "fire"}};  // GLFW's numbers

/// The action that a key stands for in this game; -1: none.
int action_of_key(const AgentView& view, int key) {
  for (const auto& move : kMoves)
    if (move.key == key)
      for (size_t a = 0; a < view.actions.size(); ++a)
        if (view.actions[a] == move.action) return static_cast<int>(a);
  return -1;
}

/// The part of the frame over which the tokens' grid lies.
ImagePixels under_tokens(const AgentView& view) {
  const ImagePixels& whole = view.frame;
  const auto at = [](float share, int64_t size) { return std::lround(share * static_cast<float>(size)); };
  const int64_t left = at(view.token_area[0], whole.width), right = at(view.token_area[2], whole.width);
  const int64_t top = at(view.token_area[1], whole.height), bottom = at(view.token_area[3], whole.height);
  ImagePixels part{bottom - top, right - left, whole.channels, {}};
  for (int64_t y = top; y < bottom; ++y) {
    const auto from = whole.values.begin() + (y * whole.width + left) * whole.channels;
    part.values.insert(part.values.end(), from, from + (right - left) * whole.channels);
  }
  return part;
}

std::string spoken(std::string game) {
  std::replace(game.begin(), game.end(), '_', ' ');
  return game;
}

}  // namespace

bool AgentsPage::take_news() {
  if (!door) return false;
  bool any = false;
  for (std::string& notice : door->drain_notices()) notices_.push_back(std::move(notice)), any = true;
  if (door->take_view(view_)) {
    any = true;
    if (view_) prepare_records();
  }
  any |= door->take_replay(replay_);
  any |= door->take_lines(lines_);
  AgentMetrics metrics = door->take_metrics();
  if (metrics.of_another) history_ = {};
  history_.add(metrics.metrics);
  const AgentTrainingState training = door->training();
  any |= metrics.of_another || !metrics.metrics.empty() || training.steps != training_.steps ||
         training.state != training_.state || training.exists != training_.exists ||
         training.paused != training_.paused || training.run_id != training_.run_id;
  training_ = training;
  return any;
}

void AgentsPage::prepare_records() {
  if (std::exchange(agent_, view_->agent) != view_->agent) {
    selection_ = {};
    asked_off_ = view_->experts_off;
  }
  records_ = {};
  records_.step = view_->weights_step;
  records_.config.router.num_experts = view_->config.experts;
  records_.config.router.kind = view_->routing.empty() ? RouterKind::dense : view_->routing.front().router;
  ImageView frame;
  frame.image.test_index = kFrameImage;
  frame.image.label = "frame " + ui::grouped(view_->step);
  frame.pixels = under_tokens(*view_);
  frame.routing = view_->routing;
  frame.step = view_->weights_step;
  selection_.image = frame.image, selection_.has_image = true;
  selection_.layer = view_->routing.empty() ? -1 : view_->routing.front().layer;
  records_.images.push_back(std::move(frame));
}

void AgentsPage::use_navigation(bool on) {
  ImGuiIO& io = ImGui::GetIO();
  if (!on) {
    io.ConfigFlags &= ~ImGuiConfigFlags_NavEnableKeyboard;
    navigation_taken_ = true;
  } else if (std::exchange(navigation_taken_, false)) {
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  }
}

void AgentsPage::update(const PageInput&, bool shown, std::vector<Command>&) {
  if (!door) return;
  if (shown)
    door->show();
  else
    door->rest();
  // Arrows and Space belong to ImGui's navigation, except while a person plays.
  use_navigation(!(shown && view_ && view_->by_hand));
}

void AgentsPage::train() {
  try {
    RlConfig config = load_rl_preset("", panels::AgentForm::games()[static_cast<size_t>(form_.game)]);
    for (const std::string& one : form_.assignments()) apply_rl_setting(config, one);
    validate(config);
    if (config.name == "dqn" || config.name == "classic") config.name = config.game;
    ask(agent::Train{config});
  } catch (const UserError& error) { notices_.push_back(error.what()); }
}

void AgentsPage::apply(const panels::GameWishes& wishes) {
  if (wishes.play) ask(agent::Play{*wishes.play});
  if (wishes.step_by != 0) ask(agent::StepBy{wishes.step_by});
  if (wishes.go_to) ask(agent::GoTo{*wishes.go_to});
  if (wishes.speed) ask(agent::SetSpeed{*wishes.speed});
  if (wishes.by_hand) ask(agent::TakeOver{*wishes.by_hand});
  if (wishes.begin_episode) ask(agent::BeginEpisode{});
}

void AgentsPage::apply(const panels::TabWishes& wishes) {
  if (wishes.open_episode) ask(agent::OpenEpisode{*wishes.open_episode});
  if (wishes.go_to) ask(agent::GoTo{*wishes.go_to});
  if (wishes.keep_episode) ask(agent::KeepEpisode{});
  if (!wishes.look_at_replay || now_secs_ < replay_asked_at_ + kReplayEverySecs) return;
  if (replay_ && view_ && !view_->live) return;  // a stored buffer and its agent stay as they are
  replay_asked_at_ = now_secs_;
  ask(agent::LookAtReplay{});
}

/// What the eyes and X say, once for each change.
void AgentsPage::ask_experts_off() {
  if (!view_ || view_->experts_off.empty()) return;
  std::vector<uint8_t> off = experts_off(selection_.asking.now(), selection_.layer, view_->config.experts);
  off.resize(view_->experts_off.size(), 0);
  if (off == asked_off_) return;
  asked_off_ = off;
  ask(agent::SwitchOff{std::move(off)});
}

void AgentsPage::take_hand_keys() {
  int held = -1;
  for (const auto& move : kMoves)
    if (ImGui::IsKeyDown(move.key) && !ImGui::GetIO().WantTextInput)
      held = std::max(held, action_of_key(*view_, move.key));
  if (view_->playing) {
    if (std::exchange(held_, held) != held) ask(agent::Hold{held});
    return;
  }
  for (const ui::KeyPress& press : ui::look().key_presses)
    if (const int action = action_of_key(*view_, press.key); action >= 0) ask(agent::Act{action});
}

void AgentsPage::take_keys() {
  if (!view_) return;
  if (ui::typed('g') % 2 == 1) ask(agent::Play{!view_->playing});
  if (const int steps = ui::typed('.') - ui::typed(','); steps != 0) ask(agent::StepBy{steps});
  if (ui::typed('n') > 0) ask(agent::BeginEpisode{});
  if (ui::typed('h') % 2 == 1) ask(agent::TakeOver{!view_->by_hand});
  if (ui::typed('a') % 2 == 1) game_.show_experts = !game_.show_experts;
  if (ui::typed('r') > 0) selection_.asking.lasting = {};
  if (ui::typed('v') > 0) tabs_.tab = (tabs_.tab + ui::typed('v')) % 5;
  if (ui::ctrl_typed('e')) ask(agent::KeepEpisode{});
  if (view_->by_hand) take_hand_keys();
}

std::vector<ui::KeyHint> AgentsPage::key_hints(const PageInput&) const {
  const bool seen = view_ != nullptr, experts = seen && !view_->routing.empty();
  return {{"G", seen && view_->playing ? "pause the game" : "play", seen},
          {",  .", "step back, step", seen},
          {"N", "new episode", seen},
          {"H", seen && view_->by_hand ? "let the agent play" : "play by hand", seen},
          {"X hold", "expert off", experts},
          {"[  ]", "expert", experts},
          {"A", "experts over the frame", experts},
          {"R", "all experts on", experts},
          {"V", "next page below", seen},
          {"Ctrl+E", "keep the episode", seen}};
}

void AgentsPage::draw_left(Rect area) {
  if (panels::draw_agent_form(area.cut_bottom(std::min(panels::agent_form_height(), area.h * 0.55f)), form_)) train();
  area.cut_bottom(px(ui::kGutter));
  if (training_.exists) {
    panels::TrainingCard card;
    card.name = training_.name + (training_.run_id > 0 ? "   run " + std::to_string(training_.run_id) : "");
    card.line = "step " + ui::grouped(training_.steps) + "   return " + ui::fixed(training_.recent_return, 2) + "   " +
                ui::grouped(std::llround(training_.steps_per_sec)) + " steps/s";
    const bool wrong = training_.state == RunState::failed || training_.state == RunState::diverged;
    if (wrong) card.trouble = training_.message;
    card.paused = training_.paused;
    card.running = training_.state == RunState::running && !training_.paused;
    card.chosen = view_ && view_->live;
    switch (panels::draw_training_card(area.cut_top(panels::training_card_height()), card)) {
      case panels::TrainingWish::open: ask(agent::Open{0}); break;
      case panels::TrainingWish::pause: ask(agent::PauseTraining{true}); break;
      case panels::TrainingWish::go_on: ask(agent::PauseTraining{false}); break;
      case panels::TrainingWish::stop: ask(agent::StopTraining{}); break;
      case panels::TrainingWish::none: break;
    }
    area.cut_top(px(ui::kGutter));
  }
  std::vector<panels::AgentRow> rows;
  if (lines_)
    for (const AgentLine& line : lines_->agents)
      rows.push_back({line.run_id, line.name, spoken(line.game) + "   " + line.layer,
                      std::isfinite(line.last_return) ? ui::fixed(line.last_return, 2) : ""});
  const std::string empty = lines_ && !lines_->refusal.empty() ? lines_->refusal : "Train one below, or with rl train.";
  const int64_t shown = view_ && !view_->live ? view_->run_id : 0;
  if (const int64_t run = panels::draw_agent_list(area, rows, shown, empty); run > 0) ask(agent::Open{run});
}

void AgentsPage::draw_routing(const Rect& area, const panels::Seen& seen) {
  static constexpr std::string_view kTabs[] = {"Maps", "Slots × cells"};
  ImGui::PushID("routing");
  const RoutingMap* map = view_->routing.empty() ? nullptr : &view_->routing.front();
  const std::string what = !map ? ""
                           : map->router == RouterKind::soft
                               ? "Soft MoE, " + std::to_string(map->num_tokens) + " tokens, " +
                                     std::to_string(panels::num_slots(*map)) + " slots"
                               : "Top-1, " + std::to_string(map->num_tokens) + " tokens";
  const Rect inside = ui::tab_panel(area, kTabs, routing_tab_, what);
  if (!map) {
    panels::draw_state(inside, panels::Mood::empty, "No experts", "This agent's penultimate layer is dense.");
  } else if (routing_tab_ == 1 || panels::num_patches(*map) == 0) {
    panels::draw_routing_matrix(inside, seen, *map, selection_);
  } else if (panels::is_sparse(*map)) {
    sparse_.draw_ui(inside, seen, records_.images.front(), *map, in_place_, selection_);
  } else {
    soft_.draw_ui(inside, seen, records_.images.front(), *map, in_place_, selection_);
  }
  ImGui::PopID();
}

void AgentsPage::draw_right(Rect area, const panels::Seen& seen) {
  const float gutter = px(ui::kGutter);
  const float most = area.h < px(560) ? 0.46f : 0.6f;  // a low window keeps room for the maps
  Rect upper = area.cut_top(std::clamp(px(layout_.values), area.h * 0.25f, area.h * most));
  ui::splitter("values", area.cut_top(gutter), false, 1, 180, 480, layout_.values);
  const Rect values = upper.cut_left((upper.w - gutter) / 2);
  upper.cut_left(gutter);
  if (const int action = panels::draw_action_values(values, *view_); action >= 0) ask(agent::Act{action});
  experts_.draw_ui(upper, seen, selection_);
  draw_routing(area, seen);
}

void AgentsPage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  if (!door)
    return panels::draw_state(whole, panels::Mood::empty, "No store", "This window has no session store behind it.");
  selection_.begin_frame();
  now_secs_ = input.seen.now_secs;
  panels::Seen seen{&records_, (uint64_t{1} << 32) + (view_ ? view_->serial : 0), input.seen.textures, now_secs_};
  if (input.has_keyboard) {
    take_keys();
    if (view_ && !view_->routing.empty()) experts_.take_keys(seen, selection_);
  }
  const float gutter = px(ui::kGutter);
  Rect area = whole;
  draw_left(area.cut_left(std::clamp(px(layout_.list), area.w * 0.15f, area.w * 0.3f)));
  ui::splitter("list", area.cut_left(gutter), true, 1, 220, 460, layout_.list);
  if (!view_) {
    const bool starting = training_.exists && training_.state != RunState::failed;
    return panels::draw_state(
        area, starting ? panels::Mood::loading : panels::Mood::empty,
        starting ? "The agent is being made" : "No agent on view",
        starting ? "" : "Choose a stored one, or train a new one: it is watched while it learns.");
  }
  const float most = area.h < px(760) ? 0.28f : 0.5f;
  const Rect lower = area.cut_bottom(std::clamp(px(layout_.lower), area.h * 0.2f, area.h * most));
  ui::splitter("lower", area.cut_bottom(gutter), false, -1, 150, 520, layout_.lower);
  const Rect right = area.cut_right(std::clamp(px(layout_.right), area.w * 0.4f, area.w * 0.68f));
  ui::splitter("right", area.cut_right(gutter), true, -1, 420, 1000, layout_.right);
  apply(game_.draw_ui(area, seen, *view_, selection_));
  draw_right(right, seen);
  apply(tabs_.draw_ui(lower, *view_, replay_.get(), history_, selection_));
  ask_experts_off();
}

}  // namespace moescope
