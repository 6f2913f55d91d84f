// The frame of the window.
#include "window/workspace.h"

#include <utility>

#include "widgets/panels/help_sheet.h"
#include "widgets/panels/status_bar.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kTopBar = 48, kStatusBar = 64;
constexpr float kNameFrom = 1280;    // design units; below, the bar has no room for the program's name
constexpr float kTitlesFrom = 1120;  // below, only the page in view has its name beside its key

std::string key_name(ui::Key key) {
  return "F" + std::to_string(static_cast<int>(key) - static_cast<int>(ui::Key::f1) + 1);
}

/// A tab: the key small, the page's name (not when it is brief), a line under the one in view. Returns its width.
float draw_tab(const Rect& bar, const WorkspacePage& page, bool shown, bool brief, bool& clicked) {
  const ui::Theme& t = ui::theme();
  const std::string key = key_name(page.key());
  const Face face = shown ? Face::title : Face::body;
  const float key_width = ui::text_width(Face::mono, key) + px(brief ? 1 : 6);
  const Rect tab{bar.x, bar.y, key_width + (brief ? 0 : ui::text_width(face, page.title())) + 1, bar.h};
  const ui::Hit hit = ui::hit(key.c_str(), {tab.x - px(8), tab.y + px(8), tab.w + px(16), tab.h - px(16)});
  clicked = hit.clicked;
  Rect words = tab;
  ui::text_in(words.cut_left(key_width), Face::mono, shown || hit.hovered ? t.accent : t.faint, key);
  if (brief)
    ui::tip(tab, {page.title(), ""});
  else
    ui::text_in(words, face, shown ? t.text : hit.hovered ? t.accent : t.dim, page.title());
  if (shown) ui::fill({tab.x, tab.bottom() - px(3), tab.w, px(3)}, t.accent, px(1.5f));
  return tab.w;
}

}  // namespace

void Workspace::open(ui::Key key) {
  for (size_t i = 0; i < pages_.size(); ++i)
    if (pages_[i]->key() == key) shown_ = i;
}

void Workspace::add(const std::vector<Metric>& metrics, const std::vector<CommandApplied>& applied) {
  history_.add(metrics);
  history_.add(applied);
  explore_.applied(applied);
}

void Workspace::forget_run() {
  history_ = {};
  explore_.forget_run();
  transport_.time().go_live();
  transport_.time().take_choice();  // who brought the other run looks through it already
}

bool Workspace::take_session_news() {
  const bool compared = compare_.take_news(), found = findings_.take_news();
  return figures_.take_news() || compared || found;
}

void Workspace::open(const WorkspacePage& page) { open(page.key()); }

void Workspace::take_keys(const panels::Seen& seen, std::vector<Command>& out) {
  if (ui::ctrl_typed('l')) copy_link(seen);
  if (ui::ctrl_typed('v') && !ImGui::GetIO().WantTextInput) paste();
  if (ui::ctrl_typed('0'))
    for (WorkspacePage* page : pages_) page->reset_layout();
  for (const WorkspacePage* page : pages_)
    if (ui::pressed(page->key())) open(page->key());
  transport_.take_keys(seen, out);
  if (ui::typed('e') > 0 && seen.snapshot) out.emplace_back(EvaluateNow{});
  if (ui::ctrl_typed('s') && seen.snapshot) out.emplace_back(SaveCheckpoint{});
  if (ui::typed('p') > 0) screenshot_wanted = true;
  if (ui::typed('d') % 2 == 1 || transport_.theme_clicked) dark = !dark;
  if (ui::typed('o') % 2 == 1) safe_colors = !safe_colors;
  if (ui::typed('?') > 0 || transport_.help_clicked) help_open_ = true;
  transport_.theme_clicked = transport_.help_clicked = false;
}

std::vector<ui::KeyHint> Workspace::key_hints(const PageInput& input) const {
  const Snapshot* s = input.seen.snapshot;
  const bool stands = s && (s->state == RunState::paused || s->state == RunState::finished);
  const bool usable = s && s->state != RunState::failed && s->state != RunState::diverged;
  std::vector<ui::KeyHint> hints = {{"T", s && s->state == RunState::running ? "pause" : "start", usable},
                                    {"S", "step", stands}};
  const std::vector<ui::KeyHint> of_page = page().key_hints(input);
  hints.insert(hints.end(), of_page.begin(), of_page.end());
  const std::initializer_list<ui::KeyHint> of_window = {{"E", "evaluate", s != nullptr},
                                                        {"Ctrl+S", "checkpoint", s != nullptr},
                                                        {"<  >", "stored step", !input.seen.checkpoints.empty()},
                                                        {"Ctrl+B", "branch here", time().chosen().has_value()},
                                                        {"D", dark ? "light" : "dark"},
                                                        {"P", "picture"},
                                                        {"Ctrl+K", "find"},
                                                        {"Ctrl+L", "link"},
                                                        {"?", "all keys"}};
  hints.insert(hints.end(), of_window);
  return hints;
}

void Workspace::draw_top(Rect bar, const panels::Seen& seen, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  ui::fill_surface(bar, t.panel);
  ui::hline(bar.x, bar.right(), bar.bottom() - 1, t.line);
  bar = bar.inset(px(20), 0);
  const float whole = bar.w;
  if (bar.w >= px(kNameFrom) - px(40)) bar.cut_left(ui::text_in(bar, Face::title, t.text, "moescope") - bar.x + px(28));
  ImGui::PushID("pages");
  for (size_t i = 0; i < pages_.size(); ++i) {
    bool clicked = false;
    const bool brief = whole < px(kTitlesFrom - 40) && i != shown_;
    bar.cut_left(draw_tab(bar, *pages_[i], i == shown_, brief, clicked) + px(20));
    if (clicked) shown_ = i;
  }
  ImGui::PopID();
  bar.cut_left(px(8));
  transport_.draw_ui(bar, seen, history_, out);
}

void Workspace::draw_ui(const Rect& screen, const panels::Seen& given, const panels::GallerySource& gallery,
                        const panels::StoreStatus& store, std::vector<Command>& out) {
  help_was_open_ = help_open_;
  palette_was_open_ = palette_.is_open();
  shown_before_ = shown_;
  ImGui::SetNextWindowPos(screen.min());
  ImGui::SetNextWindowSize(screen.size());
  ImGui::Begin("moescope", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoScrollWithMouse);
  // Before the keys are read: what is typed behind Ctrl+K is for the palette, even in the same frame.
  if (!help_open_ && !leaving_ && !palette_.is_open() && ui::ctrl_typed('k')) palette_.open();
  const bool has_keyboard = !help_open_ && !leaving_ && !palette_.is_open();
  if (chosen_press_ && has_keyboard && !ImGui::GetIO().WantTextInput)  // the palette's box lets go a frame later
    ui::press(*std::exchange(chosen_press_, std::nullopt));
  if (has_keyboard) take_keys(given, out);
  if (wanted_step_ >= 0 && given.snapshot && !given.checkpoints.empty())
    transport_.time().go_to(given, std::exchange(wanted_step_, -1));
  const bool away = time().chosen().has_value();
  const panels::Seen looked = time_travel_.view(given, time().chosen());
  if (std::optional<std::string> why = time_travel_.take_refusal()) {
    banner_.notice(std::move(*why));
    transport_.time().go_live();
  }
  const panels::Seen& seen = away ? given : looked;
  const PageInput input{seen, gallery, history_, has_keyboard, away ? &looked : nullptr};
  figures_.set_chosen(compare_.table().chosen());
  findings_.jobs = &compare_.jobs();
  for (size_t i = 0; i < pages_.size(); ++i) pages_[i]->update(input, i == shown_, out);
  for (SessionNotice& notice : compare_.take_notices())
    notice.wrong ? banner_.notice(std::move(notice.text)) : banner_.tell(std::move(notice.text));
  for (std::string& notice : findings_.take_notices()) banner_.tell(std::move(notice));
  for (std::string& notice : agents_.take_notices()) banner_.tell(std::move(notice));
  Rect area = screen;
  const Rect top = area.cut_top(px(kTopBar)), bottom = area.cut_bottom(px(kStatusBar));
  draw_top(top, seen, out);
  WorkspacePage& shown = *pages_[shown_];
  if (const std::optional<int64_t> id = panels::draw_status_bar(bottom, seen, store, key_hints(input)))
    explore_.cancel_report(*id);
  area = area.inset(px(ui::kGutter));
  const float banner = banner_.height(seen, store);
  if (banner > 0) banner_.draw_ui(area.cut_top(std::min(banner, area.h / 2)), seen, store, out);
  ImGui::PushID(static_cast<int>(shown_));
  shown.draw_ui(area, input, out);
  ImGui::PopID();
  ImGui::End();
  for (std::string& text : explore_.take_trouble()) banner_.notice(std::move(text));
  if (palette_.is_open()) draw_palette(screen, input);
  if (help_was_open_ && panels::draw_help_sheet(screen, page().title())) help_open_ = false;
  leave_ = leaving_ ? panels::draw_leave_sheet(screen, given, at_work(given)) : panels::Leave::undecided;
  if (leave_ != panels::Leave::undecided) leaving_ = false;
}

panels::AtWork Workspace::at_work(const panels::Seen& seen) const {
  panels::AtWork work;
  work.run = seen.snapshot && seen.snapshot->state == RunState::running;
  for (const SessionJob& job : compare_.jobs())
    if (job.state == SessionJob::State::running || job.state == SessionJob::State::waiting)
      work.others.push_back(job.title);
  const AgentTrainingState& agent = agents_.training();
  if (agent.exists && agent.state == RunState::running) work.others.push_back("agent " + agent.name);
  return work;
}

}  // namespace moescope
