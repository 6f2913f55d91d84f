// arXiv:2402.08609 in the small: what an agent earns with each penultimate layer, as interquartile means over seeds.
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

rl::ScoreInterval iqm(const RecipeData& data, const std::string& arm, const std::string& value) {
  const rl::Scores of_arm = scores(data, arm, value);
  return any(of_arm) ? rl::bootstrap_interval(of_arm, rl::interquartile_mean)
                     : rl::ScoreInterval{std::nan(""), std::nan(""), std::nan("")};
}

std::string text_of(const rl::ScoreInterval& of, int decimals) {
  return std::isnan(of.value) ? "–" : interval_text({1, of.value, of.low, of.high}, decimals);
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
  check.found = text_of(gap, 2);
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
                                  ? text_of(rl::bootstrap_interval(own, dense, rl::probability_of_improvement), 2)
                                  : "–";
    const auto plain = [&](const char* value) -> Cell {
      const std::vector<double> values = data.values(arm.name, value);
      return values.empty() ? Cell{} : Cell{values.front()};
    };
    const std::vector<double> failed = data.values(arm.name, "failed");
    named.table.rows.push_back({arm.name, data.num_seeds(arm.name), std::count(failed.begin(), failed.end(), 1.0),
                                text_of(iqm(data, arm.name, "return"), 2), beats,
                                text_of(iqm(data, arm.name, "dormant"), 3), text_of(iqm(data, arm.name, "rank"), 1),
                                plain("parameters"), plain("mflop")});
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

}  // namespace

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
