// arXiv:2106.05974 on a model that was trained here: capacity, routers, k, balance, specialisation.
#include <algorithm>

#include "findings/analysis.h"

namespace moescope {

Finding analyse_bpr(const RecipeData& data) {
  constexpr double kScarce = 0.75, kLeast = 0.1, kMiddle = 0.5, kJudged = 2;  // PAPERS.md R10: for k = 2
  Finding finding;
  const std::vector<double> factors = numbers_in(data, "capacity/");
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<MeanInterval> vanilla, bpr;
    const bool judged = setting_of(arm, "router.k") == kJudged;
    NamedTable table{arm.name + ": accuracy in percent" + (judged ? "" : " (not judged)"),
                     {{"capacity factor", "vanilla", "BPR", "BPR - vanilla"}, {}, false}};
    for (const double factor : factors) {
      const std::string of = "capacity/" + text_of(factor);
      vanilla.push_back(data.mean(arm.name, of + "/vanilla"));
      bpr.push_back(data.mean(arm.name, of + "/bpr"));
      const auto gain = data.paired(arm.name, of + "/bpr", arm.name, of + "/vanilla", kDifference);
      table.table.rows.push_back({factor, interval_text(vanilla.back(), 2), interval_text(bpr.back(), 2),
                                  interval_text(bootstrap_mean(gain), 2)});
      if (judged && factor <= kScarce)
        finding.checks.push_back(
            at_least(arm.name + ", C=" + text_of(factor) + ": BPR not below vanilla (points)", gain, 0));
      if (judged && factor == kLeast)
        finding.checks.push_back(at_least(arm.name + ", C=0.1: BPR at least 1 point above vanilla", gain, 1));
    }
    std::vector<double> wider;
    const auto at_least_gain = data.paired(arm.name, "capacity/0.1/bpr", arm.name, "capacity/0.1/vanilla", kDifference);
    const auto middle_gain =
        data.paired(arm.name, "capacity/" + text_of(kMiddle) + "/bpr", arm.name, "capacity/0.5/vanilla", kDifference);
    for (size_t i = 0; i < std::min(at_least_gain.size(), middle_gain.size()); ++i)
      wider.push_back(at_least_gain[i] - middle_gain[i]);
    if (judged)
      finding.checks.push_back(at_least(arm.name + ": the gap at C=0.1 is larger than at C=0.5 (points)", wider, 0));
    figure::Panel panel = panel_of(arm.name, "capacity factor at inference", "test accuracy, %", true);
    add_curve(panel, "vanilla", 0, factors, vanilla);
    add_curve(panel, "Batch Prioritized Routing", 1, factors, bpr);
    finding.scene.panels.push_back(std::move(panel));
    finding.tables.push_back(std::move(table));
  }
  side_by_side(finding.scene);
  return finding;
}

Finding analyse_random_router(const RecipeData& data) {
  Finding finding;
  figure::Panel panel = panel_of("", "block whose router is random", "points lost");
  const std::vector<double> layers = numbers_in(data, "random/");
  NamedTable table{"Accuracy in percent, and points lost", {{"arm", "block", "whole", "lost"}, {}, false}};
  int64_t color = 0;
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<MeanInterval> lost;
    for (const double layer : layers) {
      const auto loss = data.paired(arm.name, "whole", arm.name, "random/" + text_of(layer), kDifference);
      lost.push_back(bootstrap_mean(loss));
      table.table.rows.push_back(
          {arm.name, layer, interval_text(data.mean(arm.name, "whole"), 2), interval_text(lost.back(), 2)});
    }
    add_curve(panel, arm.name, color++, layers, lost);
    if (layers.size() < 2) continue;
    const std::string first = "random/" + text_of(layers.front()), last = "random/" + text_of(layers.back());
    finding.checks.push_back(at_least(arm.name + ": a random router costs more in block " + text_of(layers.back()) +
                                          " than in block " + text_of(layers.front()) + " (points)",
                                      data.paired(arm.name, first, arm.name, last, kDifference), 0));
  }
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(std::move(table));
  return finding;
}

Finding analyse_k_at_inference(const RecipeData& data) {
  constexpr double kFewestPoints = -1.5;  // PAPERS.md R13
  Finding finding;
  figure::Panel panel = panel_of("", "experts a token at inference", "test accuracy, %");
  const std::vector<double> ks = numbers_in(data, "k/");
  int64_t color = 0;
  std::vector<std::pair<std::string, int>> columns;
  for (const double k : ks) columns.emplace_back("k/" + text_of(k), 2);
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<MeanInterval> accuracy;
    for (const double k : ks) accuracy.push_back(data.mean(arm.name, "k/" + text_of(k)));
    add_curve(panel, arm.name, color++, ks, accuracy);
    const double trained = setting_of(arm, "router.k");
    if (trained == 1)
      finding.checks.push_back(at_least(arm.name + ": gains with a second expert (points)",
                                        data.paired(arm.name, "k/2", arm.name, "k/1", kDifference), 0));
    if (trained == 2)
      finding.checks.push_back(at_least(arm.name + ": loses less than 1.5 points with one expert",
                                        data.paired(arm.name, "k/1", arm.name, "k/2", kDifference), kFewestPoints));
  }
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(mean_table(data, "Accuracy in percent", columns));
  return finding;
}

Finding analyse_balance(const RecipeData& data) {
  constexpr double kCollapsed = 3, kBalanced = 1.7;  // PAPERS.md R14: largest load over the mean
  Finding finding;
  figure::Panel panel = panel_of("", "block", "largest expert load over the fair share");
  const std::vector<double> layers = numbers_in(data, "max_load/");
  int64_t color = 0;
  std::vector<std::pair<std::string, int>> columns;
  for (const double layer : layers) {
    columns.emplace_back("max_load/" + text_of(layer), 2);
    columns.emplace_back("dead/" + text_of(layer), 1);
    columns.emplace_back("dropped/" + text_of(layer), 1);
  }
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<MeanInterval> largest;
    for (const double layer : layers) largest.push_back(data.mean(arm.name, "max_load/" + text_of(layer)));
    add_curve(panel, arm.name, color++, layers, largest);
    const bool weighted = setting_of(arm, "router.load_weight") > 0;
    // Collapsed is a layer whose largest load is above the bound, or that has a dead expert: the worst layer counts.
    std::vector<double> worst;
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string of = "/" + text_of(layers[i]);
      const auto loads = data.paired(arm.name, "max_load" + of, arm.name, "dead" + of,
                                     [weighted, least = kCollapsed](double load, double dead) {
                                       return dead > 0 && !weighted ? std::max(load, least) : load;
                                     });
      if (worst.empty()) worst.assign(loads.size(), 0);
      for (size_t s = 0; s < std::min(loads.size(), worst.size()); ++s) worst[s] = std::max(worst[s], loads[s]);
    }
    finding.checks.push_back(
        weighted
            ? at_most(arm.name + ": every layer's largest load is at most 1.7 times the fair share", worst, kBalanced)
            : at_least(arm.name + ": a layer collapses (an expert is dead, or has 3 times the fair share)", worst,
                       kCollapsed));
  }
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(
      mean_table(data, "Load of the experts on the test split; dropped in percent of the tokens", columns));
  return finding;
}

Finding analyse_specialisation(const RecipeData& data) {
  Finding finding;
  const std::vector<double> layers = numbers_in(data, "class/");
  std::vector<std::pair<std::string, int>> columns;
  for (const double layer : layers) {
    columns.emplace_back("class/" + text_of(layer), 3);
    columns.emplace_back("position/" + text_of(layer), 3);
  }
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<MeanInterval> of_class, of_position;
    for (const double layer : layers) {
      of_class.push_back(data.mean(arm.name, "class/" + text_of(layer)));
      of_position.push_back(data.mean(arm.name, "position/" + text_of(layer)));
    }
    figure::Panel panel = panel_of(arm.name, "block", "mutual information with the expert, nats");
    add_curve(panel, "class of the image", 0, layers, of_class);
    add_curve(panel, "position of the patch", 1, layers, of_position);
    finding.scene.panels.push_back(std::move(panel));
    if (layers.size() < 2) continue;
    const std::string first = "class/" + text_of(layers.front()), last = "class/" + text_of(layers.back());
    finding.checks.push_back(at_least(arm.name + ": experts say more about the class in block " +
                                          text_of(layers.back()) + " than in block " + text_of(layers.front()) +
                                          " (nats)",
                                      data.paired(arm.name, last, arm.name, first, kDifference), 0, 3));
  }
  side_by_side(finding.scene);
  finding.tables.push_back(mean_table(data, "Mutual information in nats", columns));
  return finding;
}

}  // namespace moescope
