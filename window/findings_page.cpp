// The list on the left; on the right the chosen claim, its figure, and below it what the verdict rests on.
#include "window/findings_page.h"

#include <algorithm>
#include <cmath>

#include "compute/records/words.h"
#include "widgets/panels/recipe_list.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"
#include "window/process_jobs.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr std::string_view kByHand = "norm-function";  // the recipe that can be refitted by hand
constexpr int64_t kExperts[] = {1, 2, 5, 10}, kWidths[] = {2, 5};

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
  if (wanted == std::exchange(chosen_, wanted)) return;
  figure_view_.fit();
  seeds_ = 0;
  follow_ = true;
}

bool FindingsPage::take_news() {
  if (!door) return false;
  for (std::string& notice : door->drain_notices()) notices_.push_back(std::move(notice));
  const bool refitted = door->take_refit(refit_), found = door->take(findings_);
  return found || refitted || !notices_.empty();
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
  if (ui::typed('m') % 2 == 1) figure_large_ = !figure_large_;
  if (ui::typed('b') % 2 == 1) budget_ = 1 - std::min<size_t>(budget_, 1), seeds_ = 0;
  if (const int turned = ui::typed(']') - ui::typed('['); turned != 0 && chosen() && chosen()->name == kByHand) {
    const auto at = std::find(std::begin(kExperts), std::end(kExperts), norm_.experts) - std::begin(kExperts);
    refit({norm_.width, kExperts[std::clamp<ptrdiff_t>(at + turned, 0, std::ssize(kExperts) - 1)]});
  }
  if (ui::typed('r') > 0 && chosen()) start(*chosen());
  const FindingLook* look = chosen();
  if (ui::ctrl_typed('e') && look && look->verdict) door->save_report(look->name);
}

std::vector<ui::KeyHint> FindingsPage::key_hints(const PageInput&) const {
  const bool reported = chosen() && chosen()->verdict;
  return {{"J  K", "claim", findings_ && !findings_->recipes.empty()},
          {"R", "run it", sessions && chosen()},
          {"B", "budget", chosen() != nullptr},
          {"[  ]", "experts", chosen() && chosen()->name == kByHand},
          {"M", figure_large_ ? "the claim again" : "figure large", reported},
          {"F", "fit", reported},
          {"Ctrl+E", "save report", reported}};
}

void FindingsPage::draw_list(const Rect& area) {
  std::vector<panels::RecipeLine> lines;
  for (const FindingLook& look : findings_->recipes) {
    lines.push_back({look.id, look.title, look.progress, look.verdict});
  }
  if (const int64_t clicked = panels::draw_recipe_list(area, lines, chosen_, std::exchange(follow_, false));
      clicked >= 0)
    choose(clicked);
}

void FindingsPage::start(const FindingLook& look) {
  if (!sessions || look.budgets.empty()) return;
  ExperimentAsk ask;
  ask.kind = ExperimentAsk::Kind::recipe;
  ask.name = look.name;
  ask.budget = look.budgets[std::min(budget_, look.budgets.size() - 1)].name;
  ask.seeds = std::llround(seeds_);
  sessions->start(std::move(ask));
}

/// Budget and seeds, how many runs that is, and the button that begins what the store lacks of it.
void FindingsPage::draw_start(Rect line, const FindingLook& look) {
  const ui::Theme& t = ui::theme();
  if (look.budgets.empty()) return;
  std::vector<std::string> names;
  for (const BudgetLook& budget : look.budgets) names.push_back(budget.name);
  budget_ = std::min(budget_, names.size() - 1);
  const int clicked = ui::segmented("budget", line.cut_left(px(130)), names, static_cast<int>(budget_));
  if (clicked >= 0) budget_ = static_cast<size_t>(clicked), seeds_ = 0;
  const BudgetLook& budget = look.budgets[budget_];
  double seeds = seeds_ > 0 ? seeds_ : static_cast<double>(budget.seeds);
  line.cut_left(px(14));
  ui::text_in(line.cut_left(px(46)), Face::small, t.dim, "Seeds");
  const Rect track = line.cut_left(px(110));
  if (ui::slider("seeds", track, {.min = 1, .max = 10, .integer = true}, seeds, t.accent).changed) seeds_ = seeds;
  line.cut_left(px(10));
  const auto count = static_cast<int64_t>(std::llround(seeds));
  ui::text_in(line.cut_left(px(30)), Face::mono, t.text, std::to_string(count));
  if (ui::button("run", line.cut_right(px(86)), "Run", ui::ButtonKind::primary, sessions != nullptr)) start(look);
  line.cut_right(px(12));
  const int64_t num_runs = count * static_cast<int64_t>(budget.num_arms);
  std::string words = counted(num_runs, "run") + "; " + (budget.words.empty() ? "what is there is kept" : budget.words);
  if (count < 3 && budget.seeds >= 3) words = "fewer than 3 seeds settle nothing";
  ui::text_in(line, Face::small, t.dim, ui::fit_text(Face::small, words, line.w));
  ui::tip(line, {words, ""});
}

void FindingsPage::refit(const NormAsk& ask) {
  if (refit_ && ask == norm_) return;
  norm_ = ask;
  door->refit(norm_);
}

/// The number of experts under the hand, and what a layer with so many learns at this moment.
void FindingsPage::draw_refit(Rect area, ui::Textures& textures) {
  const ui::Theme& t = ui::theme();
  Rect line = area.cut_top(px(26));
  const std::vector<std::string> cuts = {"5 tokens of 2", "2 tokens of 5"};
  const int cut = ui::segmented("cut", line.cut_left(px(220)), cuts, norm_.width == kWidths[1]);
  line.cut_left(px(14));
  ui::text_in(line.cut_left(px(62)), Face::small, t.dim, "Experts n");
  double at =
      static_cast<double>(std::find(std::begin(kExperts), std::end(kExperts), norm_.experts) - std::begin(kExperts));
  const bool dragged =
      ui::slider("n", line.cut_left(px(150)), {.min = 0, .max = 3, .integer = true}, at, t.accent).changed;
  line.cut_left(px(10));
  ui::text_in(line.cut_left(px(36)), Face::mono, t.text, std::to_string(norm_.experts));
  std::string words = "Drag n: a layer with so many experts learns anew";
  if (refit_)
    words = "step " + std::to_string(refit_->step) + " of " + std::to_string(refit_->steps) + ", squared error " +
            ui::compact(refit_->loss) + "; a constant reaches " + ui::compact(refit_->constant_loss);
  ui::text_in(line, Face::small, t.dim, ui::fit_text(Face::small, words, line.w));
  if (cut >= 0) refit({kWidths[cut], norm_.experts});
  if (dragged) refit({norm_.width, kExperts[std::clamp<int64_t>(std::llround(at), 0, 3)]});
  if (refit_)
    refit_view_.draw_ui("refit", area, refit_->scene, colors, textures);
  else
    panels::draw_state(area, panels::Mood::empty, "Theorem 1 by hand", "Drag n, or press [ and ].");
}

void FindingsPage::draw_figure(const Rect& area, const FindingLook& look, ui::Textures& textures) {
  Rect inside = area;
  const Rect line = inside.cut_top(px(24));
  ui::text_in(line, Face::title, panels::verdict_color(*look.verdict),
              ui::fit_text(Face::title, verdict_line(look), line.w - px(150)));
  ui::tip(line, {verdict_line(look), ""});
  ui::text_in(line, Face::small, ui::theme().dim, look.progress, ui::Align::right);
  inside.cut_top(px(6));
  figure_area_ = inside;
  figure_view_.draw_ui("finding", inside, look.scene, colors, textures);
}

void FindingsPage::draw_claim(const Rect& area, const FindingLook& look, ui::Textures& textures) {
  const ui::Theme& t = ui::theme();
  Rect inside = ui::panel(area, look.id + "  " + look.title, look.source);
  inside.cut_top(ui::text_block(inside, Face::body, t.text, look.claim) + px(4));
  inside.cut_top(ui::text_block(inside, Face::small, t.dim, "Criterion: " + look.criterion) + px(8));
  draw_start(inside.cut_top(px(26)), look);
  inside.cut_top(px(8));
  if (look.name == kByHand) {
    draw_refit(inside.cut_bottom(inside.h * (look.verdict ? 0.48f : 0.75f)), textures);
    inside.cut_bottom(px(8));
  }
  if (!look.refusal.empty()) return panels::draw_state(inside, panels::Mood::failed, "Made otherwise", look.refusal);
  if (!look.verdict) {
    const std::string how = "Run begins it; in a terminal: moescope recipe run " + look.name;
    return panels::draw_state(inside, panels::Mood::empty, "Nothing of it has run", how);
  }
  draw_figure(inside, look, textures);
}

void FindingsPage::draw_ui(const Rect& whole, const PageInput& input, std::vector<Command>&) {
  using panels::Mood;
  if (!door) return panels::draw_state(whole, Mood::empty, "No store", "This window has no session store behind it.");
  if (!findings_) return panels::draw_state(whole, Mood::loading, "Reading the store", "");
  if (!findings_->refusal.empty())
    return panels::draw_state(whole, Mood::failed, "The recipes cannot be read", findings_->refusal);
  take_keys(input);
  Rect area = whole;
  if (sessions && jobs && !jobs->empty()) {
    draw_job_strip(area.cut_bottom(job_strip_height(*jobs)), *jobs, *sessions);
    area.cut_bottom(px(ui::kGutter));
  }
  draw_list(area.cut_left(std::clamp(px(layout_.list), area.w * 0.2f, area.w * 0.4f)));
  ui::splitter("list", area.cut_left(px(ui::kGutter)), true, 1, 260, 640, layout_.list);
  const FindingLook* look = chosen();
  figure_area_ = {};
  if (!look) return panels::draw_state(area, Mood::empty, "No recipes", "None lie beside the program.");
  if (figure_large_ && look->verdict && look->refusal.empty())
    return draw_figure(ui::panel(area, look->id + "  " + look->title, look->source), *look, *input.seen.textures);
  const Rect lower = area.cut_bottom(std::min(px(layout_.lower), area.h * 0.45f));
  ui::splitter("lower", area.cut_bottom(px(ui::kGutter)), false, -1, 140, 520, layout_.lower);
  draw_claim(area, *look, *input.seen.textures);
  finding_panel_.draw_ui(lower, look->checks, look->tables);
}

}  // namespace moescope
