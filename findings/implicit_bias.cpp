// arXiv:2409.00879, theorem 1: the norm function (figure 4) and the inputs of the proof.
#include <cmath>

#include "compute/studies/norm_fit.h"
#include "findings/analysis.h"

namespace moescope {

namespace {

constexpr double kNoBetter = 11.5;  // PAPERS.md R1: n = 1 must stay above it

/// Arms of one width, in the recipe's order.
std::vector<RecipeArm> arms_of_width(const Recipe& recipe, double width) {
  std::vector<RecipeArm> arms;
  for (const RecipeArm& arm : recipe.arms)
    if (setting_of(arm, "model.width") == width) arms.push_back(arm);
  return arms;
}

}  // namespace

Finding analyse_norm_function(const RecipeData& data) {
  Finding finding;
  figure::Panel panel =
      panel_of("", "experts n, of equal size in sum", "squared error of the length, held out", true, true);
  int64_t color = 0;
  for (const double width : {2.0, 5.0}) {
    const std::vector<RecipeArm> arms = arms_of_width(data.recipe(), width);
    if (arms.empty()) continue;
    const std::string tokens =
        std::to_string(static_cast<int>(10 / width)) + " tokens of " + std::to_string(static_cast<int>(width));
    std::vector<double> n;
    std::vector<MeanInterval> loss;
    for (size_t i = 0; i < arms.size(); ++i) {
      n.push_back(setting_of(arms[i], "router.num_experts"));
      loss.push_back(data.mean(arms[i].name, "loss"));
      if (i == 0) continue;
      const auto smaller = data.paired(arms[i].name, "loss", arms[i - 1].name, "loss",
                                       [](double more, double fewer) { return more / fewer; });
      finding.checks.push_back(
          at_most(tokens + ": the loss of " + arms[i].name + " over that of " + arms[i - 1].name + " is below 1",
                  smaller, 1, 3));
    }
    finding.checks.push_back(at_least(tokens + ": n=1 is no better than a constant (at least " + text_of(kNoBetter) +
                                          "; constant " + text_of(kConstantLoss) + ")",
                                      data.values(arms.front().name, "loss"), kNoBetter));
    const auto share = data.paired(arms.back().name, "loss", arms.front().name, "loss",
                                   [](double many, double one) { return many / one; });
    finding.checks.push_back(at_most(tokens + ": n=10 has at most 1/8 of the loss of n=1", share, 0.125, 3));
    add_curve(panel, tokens, color++, n, loss);
  }
  panel.marks.emplace_back(figure::Line{
      .name = "best constant", .color = color, .x = {1, 10}, .y = {kConstantLoss, kConstantLoss}, .dots = false});
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(mean_table(data, "Held-out loss", {{"loss", 2}}));
  return finding;
}

Finding analyse_proof_inputs(const RecipeData& data) {
  Finding finding;
  figure::Panel panel = panel_of("", "size a of the inputs", "distance of the inputs", true, true);
  const std::vector<std::string> names = data.names("slot_distance/");
  std::vector<double> sizes;
  for (const std::string& name : names) sizes.push_back(std::stod(name.substr(name.find('/') + 1)));
  NamedTable table{"What differs, and what the slot sees of it",
                   {{"arm", "a", "difference of the lengths", "distance of the slot's inputs"}, {}, false}};
  int64_t color = 0;
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<std::pair<double, std::string>> order;
    for (size_t i = 0; i < names.size(); ++i) order.emplace_back(sizes[i], names[i].substr(names[i].find('/')));
    std::sort(order.begin(), order.end());
    std::vector<double> x;
    std::vector<MeanInterval> slot, length;
    for (const auto& [a, of] : order) {
      x.push_back(a);
      slot.push_back(data.mean(arm.name, "slot_distance" + of));
      length.push_back(data.mean(arm.name, "length_difference" + of));
      table.table.rows.push_back({arm.name, a, interval_text(length.back(), 4), interval_text(slot.back(), 8)});
      // A logarithmic axis has no 0: what float32 cannot tell apart lies at its edge.
    }
    add_curve(panel, arm.name + ": lengths", color, x, length);
    add_curve(panel, arm.name + ": slot inputs", color + 1, x, slot);
    color += 2;
    if (order.empty()) continue;
    const double a = order.back().first;
    const std::string of = order.back().second;
    finding.checks.push_back(
        at_most(arm.name + ": the slot's inputs are the same at a=" + of.substr(1) + " (below 0.001)",
                data.values(arm.name, "slot_distance" + of), 1e-3, 6));
    const auto gap = data.paired(arm.name, "length_difference" + of, arm.name, "length_difference" + of,
                                 [a](double difference, double) { return difference / a; });
    finding.checks.push_back(at_least(arm.name + ": the lengths differ by at least 0.29 a", gap, 0.29, 4));
  }
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(std::move(table));
  return finding;
}

}  // namespace moescope
