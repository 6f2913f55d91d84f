// arXiv:2402.08609 in the small: what an agent earns with each penultimate layer, as interquartile means over seeds,
// and whether agents learn their games at all.
#include <algorithm>
#include <cmath>

#include "compute/rl/score_statistics.h"
#include "findings/analysis.h"

namespace moescope {

namespace {

const std::string kDense = "dense", kWide = "dense x8", kSoft = "soft n=8";

rl::Scores scores(const RecipeData& data, const std::string& arm, const std::string& value) {
  return {data.values(arm, value)};
}

bool any(const rl::Scores& scores) { return !scores.front().empty(); }

rl::ScoreInterval iqm(const rl::Scores& of) {
  return any(of) ? rl::bootstrap_interval(of, rl::interquartile_mean)
                 : rl::ScoreInterval{std::nan(""), std::nan(""), std::nan("")};
}

rl::ScoreInterval iqm(const RecipeData& data, const std::string& arm, const std::string& value) {
  return iqm(scores(data, arm, value));
}

/// One seed has no interval.
std::string score_text(const rl::ScoreInterval& of, int decimals) {
  if (std::isnan(of.value)) return "–";
  return interval_text({of.low < of.high ? kFewestSeeds : 1, of.value, of.low, of.high}, decimals);
}

/// IQM of x less IQM of y against 0: settled when its whole 95 % interval lies on one side. Unpaired: the seeds of two
/// arms have nothing in common but their number.
Check compared(const RecipeData& data, const std::string& text, const std::string& x, const std::string& y,
               bool above) {
  const rl::Scores of_x = scores(data, x, "return"), of_y = scores(data, y, "return");
  Check check{text, "–", Verdict::not_settled};
  if (!any(of_x) || !any(of_y)) return check;
  const rl::ScoreInterval gap = rl::bootstrap_interval(of_x, of_y, [](const rl::Scores& a, const rl::Scores& b) {
    return rl::interquartile_mean(a) - rl::interquartile_mean(b);
  });
  check.found = score_text(gap, 2);
  if (std::isnan(gap.value)) {
    check.verdict = Verdict::not_reproduced;  // no episode ended
  } else if (std::min(of_x.front().size(), of_y.front().size()) >= static_cast<size_t>(kFewestSeeds)) {
    if (gap.low > 0) check.verdict = above ? Verdict::reproduced : Verdict::not_reproduced;
    if (gap.high < 0 || (!above && gap.high <= 0))
      check.verdict = above ? Verdict::not_reproduced : Verdict::reproduced;
  }
  return check;
}

NamedTable arms_table(const RecipeData& data) {
  NamedTable named{
      "Returns, interquartile mean with 95 % interval, and what an arm costs; a seed whose network diverged "
      "has failed and counts with what it earned untrained",
      {{"arm", "seeds", "failed", "return", "beats dense", "dormant", "rank", "parameters", "MFLOP"}, {}, false}};
  const rl::Scores dense = scores(data, kDense, "return");
  for (const RecipeArm& arm : data.recipe().arms) {
    const rl::Scores own = scores(data, arm.name, "return");
    const std::string beats = arm.name != kDense && any(own) && any(dense)
                                  ? score_text(rl::bootstrap_interval(own, dense, rl::probability_of_improvement), 2)
                                  : "–";
    const auto plain = [&](const char* value) -> Cell {
      const std::vector<double> values = data.values(arm.name, value);
      return values.empty() ? Cell{} : Cell{values.front()};
    };
    const std::vector<double> failed = data.values(arm.name, "failed");
    named.table.rows.push_back({arm.name, data.num_seeds(arm.name), std::count(failed.begin(), failed.end(), 1.0),
                                score_text(iqm(data, arm.name, "return"), 2), beats,
                                score_text(iqm(data, arm.name, "dormant"), 3),
                                score_text(iqm(data, arm.name, "rank"), 1), plain("parameters"), plain("mflop")});
  }
  return named;
}

figure::Panel bars_of(const RecipeData& data, const std::string& value, const std::string& label) {
  std::vector<std::pair<std::string, MeanInterval>> bars;
  for (const RecipeArm& arm : data.recipe().arms) {
    const rl::ScoreInterval of = iqm(data, arm.name, value);
    if (!std::isnan(of.value)) bars.push_back({arm.name, {data.num_seeds(arm.name), of.value, of.low, of.high}});
  }
  return panel_of_bars(label, bars);
}

// ---- whether agents learn

constexpr double kWellAbove = 3;  // times play at random
constexpr double kPatience = 15;  // minutes

/// Whether the interquartile mean over seeds is at least the bound, settled when its whole 95 % interval lies on one
/// side.
Check iqm_at_least(std::string text, std::vector<double> values, double bound) {
  const rl::Scores seeds{std::move(values)};
  const rl::ScoreInterval of = iqm(seeds);
  Check check{std::move(text), score_text(of, 2), Verdict::not_settled};
  if (!any(seeds)) return check;
  if (std::isnan(of.value)) {
    check.verdict = Verdict::not_reproduced;  // no episode ended
  } else if (seeds.front().size() >= static_cast<size_t>(kFewestSeeds)) {
    if (of.low >= bound) check.verdict = Verdict::reproduced;
    if (of.high < bound) check.verdict = Verdict::not_reproduced;
  }
  return check;
}

/// Return and random return are of the same seed.
void judge_learning(const RecipeData& data, const std::string& arm, std::vector<Check>& checks) {
  checks.push_back(iqm_at_least(arm + ": the return is at least " + text_of(kWellAbove) + " times that of random play",
                                data.paired(arm, "return", arm, "random", kRatio), kWellAbove));
  checks.push_back(iqm_at_least(arm + ": the return less what 95 of 100 random episodes stay at or below, at least 0",
                                data.paired(arm, "return", arm, "random_p95", kDifference), 0));
}

/// An agent computes on one thread, so its processor time is what a core takes that does nothing else meanwhile.
Check soon_enough(const RecipeData& data) {
  Check check{"the longest run took at most 15 minutes of one core", "–", Verdict::not_settled};
  double longest = 0;
  for (const RecipeArm& arm : data.recipe().arms)
    for (const double minutes : data.values(arm.name, "processor_minutes")) longest = std::max(longest, minutes);
  if (longest == 0) return check;
  return counted(check.text, interval_text({1, longest, longest, longest}, 1) + " minutes", longest <= kPatience);
}

/// Of one game: return over the steps played, an arm a curve, and what random play earns.
figure::Panel learning_curves(const RecipeData& data, const std::string& game, const std::vector<RecipeArm>& arms) {
  figure::Panel panel = panel_of(game, "environment steps", "return of an episode, interquartile mean");
  std::vector<double> all_steps, random;
  for (const std::string& name : data.names("return_at/")) all_steps.push_back(std::stod(name.substr(10)));
  std::sort(all_steps.begin(), all_steps.end());
  int64_t color = 0;
  for (const RecipeArm& arm : arms) {
    std::vector<MeanInterval> returns;
    for (const double step : all_steps) {
      const auto values = data.values(arm.name, "return_at/" + std::to_string(std::llround(step)));
      const rl::ScoreInterval of = iqm(rl::Scores{values});
      returns.push_back({static_cast<int64_t>(values.size()), of.value, of.low, of.high});
    }
    add_curve(panel, arm.name.substr(game.size() + 1), color++, all_steps, returns);
    for (const double value : data.values(arm.name, "random")) random.push_back(value);
  }
  if (all_steps.empty()) return panel;
  const double at_random = iqm(rl::Scores{random}).value;
  panel.marks.emplace_back(figure::Line{
      .name = "random play", .color = kGrey, .x = {0, all_steps.back()}, .y = {at_random, at_random}, .dots = false});
  return panel;
}

NamedTable learning_table(const RecipeData& data) {
  NamedTable named{
      "Return in the last fifth of the steps and at random (1,000 episodes a seed of the same game); minutes of a run "
      "on one core by the wall clock, whatever else the machine did, and of processor time",
      {{"arm", "seeds", "failed", "return", "random", "95 of 100 at random", "steps", "minutes", "processor minutes",
        "parameters"},
       {},
       false}};
  for (const RecipeArm& arm : data.recipe().arms) {
    const auto largest = [&](const char* value) -> Cell {
      const std::vector<double> values = data.values(arm.name, value);
      return values.empty() ? Cell{} : Cell{*std::max_element(values.begin(), values.end())};
    };
    const std::vector<double> failed = data.values(arm.name, "failed");
    named.table.rows.push_back({arm.name, data.num_seeds(arm.name), std::count(failed.begin(), failed.end(), 1.0),
                                score_text(iqm(data, arm.name, "return"), 2),
                                score_text(iqm(data, arm.name, "random"), 2), largest("random_p95"), largest("steps"),
                                score_text(iqm(data, arm.name, "minutes"), 1),
                                score_text(iqm(data, arm.name, "processor_minutes"), 1), largest("parameters")});
  }
  return named;
}

}  // namespace

Finding analyse_game_learning(const RecipeData& data) {
  Finding finding;
  for (const auto& [game, arms] : families(data.recipe())) {
    for (const RecipeArm& arm : arms) judge_learning(data, arm.name, finding.checks);
    finding.scene.panels.push_back(learning_curves(data, game, arms));
  }
  finding.checks.push_back(soon_enough(data));
  side_by_side(finding.scene);
  finding.tables.push_back(learning_table(data));
  return finding;
}

Finding analyse_agents(const RecipeData& data) {
  constexpr double kHalf = 0.5;  // PAPERS.md R15
  Finding finding;
  finding.checks.push_back(
      compared(data, "the dense layer eight times as wide is not above the dense one (return)", kWide, kDense, false));
  finding.checks.push_back(
      compared(data, "Soft MoE with 8 experts is above the dense layer (return)", kSoft, kDense, true));
  finding.checks.push_back(at_most(
      "its share of dormant units, counted per expert, less half of the dense layer's is at most 0",
      data.paired(kSoft, "dormant", kDense, "dormant", [](double a, double b) { return a - kHalf * b; }), 0, 3));
  finding.scene.panels.push_back(bars_of(data, "return", "return, interquartile mean"));
  finding.scene.panels.push_back(bars_of(data, "dormant", "share of dormant units"));
  side_by_side(finding.scene);
  finding.tables.push_back(arms_table(data));
  return finding;
}

}  // namespace moescope
