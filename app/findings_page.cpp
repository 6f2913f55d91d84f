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
std::string verdict_line(const RecipeReport& report) {
  return std::string(verdict_name(report.verdict)) + (report.why.empty() ? "" : ": " + report.why);
}

}  // namespace

const RecipeState* FindingsPage::chosen() const {
  return findings_ && chosen_ < std::ssize(findings_->recipes) ? &findings_->recipes[static_cast<size_t>(chosen_)]
                                                               : nullptr;
}

void FindingsPage::choose(int64_t index) {
  if (!findings_ || findings_->recipes.empty()) return;
  const int64_t wanted = std::clamp<int64_t>(index, 0, std::ssize(findings_->recipes) - 1);
  if (wanted != std::exchange(chosen_, wanted)) figure_view_.fit();
}

bool FindingsPage::take_news() {
  if (!reader) return false;
  for (std::string& notice : reader->drain_notices()) notices_.push_back(std::move(notice));
  return reader->take(findings_) || !notices_.empty();
}

void FindingsPage::update(const PageInput&, bool shown, std::vector<Command>&) {
  if (!reader) return;
  if (shown)
    reader->show();
  else
    reader->rest();
}

void FindingsPage::take_keys(const PageInput& input) {
  if (!input.has_keyboard) return;
  choose(chosen_ + ui::typed('k') - ui::typed('j'));
  if (ui::typed('f') > 0) figure_view_.fit();
  const RecipeState* state = chosen();
  if (ui::ctrl_typed('e') && state && state->report) reader->save_report(state->recipe.name);
}

std::vector<ui::KeyHint> FindingsPage::key_hints(const PageInput&) const {
  const bool reported = chosen() && chosen()->report;
  return {{"J  K", "claim", findings_ && !findings_->recipes.empty()},
          {"F", "fit", reported},
          {"Ctrl+E", "save report", reported}};
}

void FindingsPage::draw_list(const Rect& area) {
  std::vector<std::string> progress;
  std::vector<panels::RecipeLine> lines;
  progress.reserve(findings_->recipes.size());  // the lines point into it
  for (const RecipeState& state : findings_->recipes) {
    const bool known = state.report || !state.refusal.empty();
    progress.push_back(known ? state.progress() : std::string());
    lines.push_back({state.recipe.id, state.recipe.title, progress.back(), std::nullopt});
    if (state.report) lines.back().verdict = state.report->verdict;
  }
  if (const int64_t clicked = panels::draw_recipe_list(area, lines, chosen_); clicked >= 0) choose(clicked);
}

void FindingsPage::draw_claim(const Rect& area, const RecipeState& state, ui::Textures& textures) {
  const ui::Theme& t = ui::theme();
  const Recipe& recipe = state.recipe;
  Rect inside = ui::panel(area, recipe.id + "  " + recipe.title, recipe.source);
  inside.cut_top(ui::text_block(inside, Face::body, t.text, recipe.claim) + px(4));
  inside.cut_top(ui::text_block(inside, Face::small, t.dim, "Criterion: " + recipe.criterion) + px(8));
  if (!state.refusal.empty()) return panels::draw_state(inside, panels::Mood::failed, "Made otherwise", state.refusal);
  if (!state.report) {
    const std::string how = "In a terminal: moescope recipe run " + recipe.name;
    return panels::draw_state(inside, panels::Mood::empty, "Nothing of it has run", how);
  }
  const Rect line = inside.cut_top(px(24));
  ui::text_in(line, Face::title, panels::verdict_color(state.report->verdict),
              ui::fit_text(Face::title, verdict_line(*state.report), line.w - px(150)));
  ui::tip(line, {verdict_line(*state.report), ""});
  ui::text_in(line, Face::small, t.dim, state.progress(), ui::Align::right);
  inside.cut_top(px(6));
  figure_view_.draw_ui("finding", inside, state.report->finding.scene, colors, textures);
}

void FindingsPage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  using panels::Mood;
  if (!reader) return panels::draw_state(whole, Mood::empty, "No store", "This window has no session store behind it.");
  if (!findings_) return panels::draw_state(whole, Mood::loading, "Reading the store", "");
  if (!findings_->refusal.empty())
    return panels::draw_state(whole, Mood::failed, "The recipes cannot be read", findings_->refusal);
  take_keys(input);
  Rect area = whole;
  draw_list(area.cut_left(std::clamp(px(layout_.list), area.w * 0.2f, area.w * 0.4f)));
  ui::splitter("list", area.cut_left(px(ui::kGutter)), true, 1, 260, 640, layout_.list);
  const RecipeState* state = chosen();
  if (!state) return panels::draw_state(area, Mood::empty, "No recipes", "None lie beside the program.");
  const Rect lower = area.cut_bottom(std::min(px(layout_.lower), area.h * 0.45f));
  ui::splitter("lower", area.cut_bottom(px(ui::kGutter)), false, -1, 140, 520, layout_.lower);
  draw_claim(area, *state, *input.seen.textures);
  if (state->report)
    finding_panel_.draw_ui(lower, state->report->finding.checks, state->report->finding.tables);
  else
    finding_panel_.draw_ui(lower, {}, {});
}

}  // namespace moescope
