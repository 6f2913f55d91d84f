// R0: what the papers print of their models beside what the cost model counts. Nothing is drawn, so one count settles
// it.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "findings/analysis.h"

namespace moescope {

namespace {

struct Quantity {
  const char *name, *axis, *agreement;
  double fewest;  // share that must agree
};
// The closed formula reaches these on the papers' tables (PAPERS.md 1.4).
constexpr Quantity kQuantities[] = {
    {"parameters", "parameters, millions", "parameters print as the paper's digits", 1},
    {"GFLOP/image", "GFLOPs an image", "GFLOPs an image lie within 0.7 %", 1},
    {"train exaFLOP", "exaFLOPs of training", "exaFLOPs of training lie within 1 %", 1},
    {"% of ViT H/14", "% of ViT H/14's work", "FLOPs relative to ViT H/14 lie within 1 %", 1}};

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

}  // namespace

Finding analyse_cost_model(const RecipeData& data) {
  Finding finding;
  const std::string arm = data.recipe().arms.front().name;
  const auto one = [&](const std::string& name) { return data.mean(arm, name).mean; };
  NamedTable table{"Published and counted", {{"quantity", "model", "paper", "here", "deviation"}, {}, false}};
  int64_t color = 0;
  for (const Quantity& quantity : kQuantities) {
    const std::string of = std::string("/") + quantity.name + "/", beginning = "paper" + of;
    figure::Scatter points{.name = "", .color = color++, .x = {}, .y = {}, .labels = {}, .faded = {}};
    size_t num_agreeing = 0;
    double worst = 0;
    for (const std::string& name : data.names(beginning)) {
      const std::string model = name.substr(beginning.size());
      const double paper = one(name), here = one("here" + of + model), deviation = one("deviation" + of + model);
      points.x.push_back(paper), points.y.push_back(here);
      num_agreeing += one("agrees" + of + model) > 0;
      if (std::abs(deviation) > std::abs(worst)) worst = deviation;
      table.table.rows.push_back({std::string(quantity.name), model, paper, here, percent(deviation)});
    }
    if (points.x.empty()) continue;
    const auto least = quantity.fewest * static_cast<double>(points.x.size());
    finding.checks.push_back(counted(
        quantity.agreement,
        std::to_string(num_agreeing) + " of " + std::to_string(points.x.size()) + ", farthest " + percent(worst),
        static_cast<double>(num_agreeing) >= least));
    figure::Panel panel = panel_of(quantity.axis, "the paper", "counted here", true, true);
    const auto [low, high] = std::minmax_element(points.x.begin(), points.x.end());
    panel.marks.emplace_back(figure::Line{.name = "", .color = 7, .x = {*low, *high}, .y = {*low, *high}});
    panel.marks.emplace_back(std::move(points));
    finding.scene.panels.push_back(std::move(panel));
  }
  finding.scene.columns = 2;
  finding.scene.width = 720, finding.scene.height = 560;
  finding.tables.push_back(std::move(table));
  return finding;
}

}  // namespace moescope
