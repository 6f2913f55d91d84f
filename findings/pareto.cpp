// What accuracy costs: kinds of model at several sizes, and who is best for the same compute (arXiv:2308.00951 figure 3
// and table 9; arXiv:2106.05974 figure 5).
#include <algorithm>

#include "findings/analysis.h"

namespace moescope {

namespace {

constexpr double kAtMost = 1.02;  // of another model's work or size: counted as the same

/// One arm: what it costs and reaches.
struct Point {
  std::string arm;
  double cost = 0, accuracy = 0;
};

std::vector<Point> points_of(const RecipeData& data, const std::vector<RecipeArm>& arms, const std::string& cost) {
  std::vector<Point> points;
  for (const RecipeArm& arm : arms) {
    if (data.num_seeds(arm.name) == 0) continue;
    points.push_back({arm.name, data.mean(arm.name, cost).mean, data.mean(arm.name, "accuracy").mean});
  }
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.cost < b.cost; });
  return points;
}

/// Of those that cost no more, the one that reaches most; null: none is so cheap.
const Point* best_within(const std::vector<Point>& points, double cost) {
  const Point* best = nullptr;
  for (const Point& point : points)
    if (point.cost <= cost * kAtMost && (!best || point.accuracy > best->accuracy)) best = &point;
  return best;
}

/// All models as points; those of a kind that no cheaper one of the kind reaches are joined.
void add_kind(figure::Panel& panel, const std::string& kind, int64_t color, const std::vector<Point>& points) {
  figure::Scatter all{.name = "", .color = color, .x = {}, .y = {}, .labels = {}, .faded = {}};
  figure::Line front{.name = kind, .color = color, .x = {}, .y = {}, .dots = true};
  for (const Point& point : points) {
    const bool best = front.y.empty() || point.accuracy > front.y.back();
    all.x.push_back(point.cost), all.y.push_back(point.accuracy), all.faded.push_back(!best);
    if (best) front.x.push_back(point.cost), front.y.push_back(point.accuracy);
  }
  panel.marks.emplace_back(std::move(all));
  panel.marks.emplace_back(std::move(front));
}

figure::Panel panel_over(const RecipeData& data, const std::string& cost, const std::string& label) {
  constexpr double kRoom = 1.15;  // beside the cheapest and the dearest, so that their points are whole
  figure::Panel panel = panel_of("", label, "test accuracy, %", true);
  int64_t color = 0;
  for (const auto& [kind, arms] : families(data.recipe())) {
    const std::vector<Point> points = points_of(data, arms, cost);
    add_kind(panel, kind, color++, points);
    if (points.empty()) continue;
    panel.x.low = std::min(panel.x.low.value_or(points.front().cost), points.front().cost / kRoom);
    panel.x.high = std::max(panel.x.high.value_or(0), points.back().cost * kRoom);
  }
  return panel;
}

}  // namespace

/// The kind of the recipe's first arm is the one that the claim is about. Against each model of another kind stands its
/// best one that costs no more.
Finding analyse_pareto(const RecipeData& data) {
  Finding finding;
  const auto kinds = families(data.recipe());
  const std::string& first = data.recipe().arms.front().name;
  const std::string claimed = first.substr(0, first.rfind(' '));
  const std::vector<Point> ours = points_of(data, kinds.at(claimed), "gflops");
  for (const auto& [kind, arms] : kinds) {
    if (kind == claimed) continue;
    for (const Point& other : points_of(data, arms, "gflops")) {
      const Point* best = best_within(ours, other.cost);
      if (!best) continue;
      finding.checks.push_back(at_least(best->arm + " is not below " + other.arm + ", for no more work (points)",
                                        data.paired(best->arm, "accuracy", other.arm, "accuracy", kDifference), 0));
    }
  }
  finding.scene.panels.push_back(panel_over(data, "gflops", "GFLOPs an image"));
  if (!data.names("parameters").empty())
    finding.scene.panels.push_back(panel_over(data, "parameters", "parameters, millions"));
  side_by_side(finding.scene);
  finding.tables.push_back(
      mean_table(data, "Accuracy in percent, and its price", {{"accuracy", 2}, {"gflops", 5}, {"parameters", 3}}));
  return finding;
}

}  // namespace moescope
