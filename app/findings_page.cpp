// The list on the left; on the right the chosen claim, its figure, and below it what the verdict rests on.
#include "app/findings_page.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/recipe_list.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// "not settled: the quick budget has 2 of 6 runs".
std::string verdict_line(const FindingLook& look) {
  return std::string(verdict_name(*look.verdict)) + (look.why.empty() ? "" : ": " + look.why);
}

}  // namespace

const FindingLook* FindingsPage::chosen() const {
  return findings_ && chosen_ < std::ssize(findings_->recipes) ? &findings_->recipes[static_cast<size_t>(chosen_)]
                                                               : nullptr;
}

void FindingsPage::choose(int64_t index) {
  if (!findings_ || findings_->recipes.empty()) return;
  const int64_t wanted = std::clamp<int64_t>(index, 0, std::ssize(findings_->recipes) - 1);
  if (wanted != std::exchange(chosen_, wanted)) figure_view_.fit();
}

bool FindingsPage::take_news() {
  if (!door) return false;
  for (std::string& notice : door->drain_notices()) notices_.push_back(std::move(notice));
  return door->take(findings_) || !notices_.empty();
}

void FindingsPage::update(const PageInput&, bool shown, std::vector<Command>&) {
  if (!door) return;
  if (shown)
    door->show();
  else
    door->rest();
}

void FindingsPage::take_keys(const PageInput& input) {
  if (!input.has_keyboard) return;
  choose(chosen_ + ui::typed('k') - ui::typed('j'));
  if (ui::typed('f') > 0) figure_view_.fit();
  const FindingLook* look = chosen();
  if (ui::ctrl_typed('e') && look && look->verdict) door->save_report(look->name);
}

std::vector<ui::KeyHint> FindingsPage::key_hints(const PageInput&) const {
  const bool reported = chosen() && chosen()->verdict;
  return {{"J  K", "claim", findings_ && !findings_->recipes.empty()},
          {"F", "fit", reported},
          {"Ctrl+E", "save report", reported}};
}

void FindingsPage::draw_list(const Rect& area) {
  std::vector<panels::RecipeLine> lines;
  for (const FindingLook& look : findings_->recipes) {
    lines.push_back({look.id, look.title, look.progress, look.verdict});
  }
  if (const int64_t clicked = panels::draw_recipe_list(area, lines, chosen_); clicked >= 0) choose(clicked);
}

void FindingsPage::draw_claim(const Rect& area, const FindingLook& look, ui::Textures& textures) {
  const ui::Theme& t = ui::theme();
  Rect inside = ui::panel(area, look.id + "  " + look.title, look.source);
  inside.cut_top(ui::text_block(inside, Face::body, t.text, look.claim) + px(4));
  inside.cut_top(ui::text_block(inside, Face::small, t.dim, "Criterion: " + look.criterion) + px(8));
  if (!look.refusal.empty()) return panels::draw_state(inside, panels::Mood::failed, "Made otherwise", look.refusal);
  if (!look.verdict) {
    const std::string how = "In a terminal: moescope recipe run " + look.name;
    return panels::draw_state(inside, panels::Mood::empty, "Nothing of it has run", how);
  }
  const Rect line = inside.cut_top(px(24));
  ui::text_in(line, Face::title, panels::verdict_color(*look.verdict),
              ui::fit_text(Face::title, verdict_line(look), line.w - px(150)));
  ui::tip(line, {verdict_line(look), ""});
  ui::text_in(line, Face::small, t.dim, look.progress, ui::Align::right);
  inside.cut_top(px(6));
  figure_view_.draw_ui("finding", inside, look.scene, colors, textures);
}

void FindingsPage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  using panels::Mood;
  if (!door) return panels::draw_state(whole, Mood::empty, "No store", "This window has no session store behind it.");
  if (!findings_) return panels::draw_state(whole, Mood::loading, "Reading the store", "");
  if (!findings_->refusal.empty())
    return panels::draw_state(whole, Mood::failed, "The recipes cannot be read", findings_->refusal);
  take_keys(input);
  Rect area = whole;
  draw_list(area.cut_left(std::clamp(px(layout_.list), area.w * 0.2f, area.w * 0.4f)));
  ui::splitter("list", area.cut_left(px(ui::kGutter)), true, 1, 260, 640, layout_.list);
  const FindingLook* look = chosen();
  if (!look) return panels::draw_state(area, Mood::empty, "No recipes", "None lie beside the program.");
  const Rect lower = area.cut_bottom(std::min(px(layout_.lower), area.h * 0.45f));
  ui::splitter("lower", area.cut_bottom(px(ui::kGutter)), false, -1, 140, 520, layout_.lower);
  draw_claim(area, *look, *input.seen.textures);
  finding_panel_.draw_ui(lower, look->checks, look->tables);
}

}  // namespace moescope
