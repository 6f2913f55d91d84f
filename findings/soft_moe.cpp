// arXiv:2308.00951: what experts cost and bring at a fixed number of slots, dropping, alignment of slots, collapse.
#include <algorithm>
#include <map>

#include "compute/records/error.h"
#include "findings/analysis.h"

namespace moescope {

namespace {

/// Of one seed: the largest of the values that begin so (over layers).
std::vector<double> largest(const RecipeData& data, const std::string& arm, const std::string& beginning) {
  std::vector<double> most;
  for (const std::string& name : data.names(beginning)) {
    const std::vector<double> values = data.values(arm, name);
    if (most.empty()) most = values;
    for (size_t i = 0; i < std::min(most.size(), values.size()); ++i) most[i] = std::max(most[i], values[i]);
  }
  return most;
}

}  // namespace

Finding analyse_layer_time(const RecipeData& data) {
  constexpr double kFlat = 1.15, kSlower = 1.3;  // PAPERS.md R6
  Finding finding;
  figure::Panel panel = panel_of("", "experts n at a fixed number of slots", "ms per image and layer", true);
  int64_t color = 0;
  for (const auto& [family, arms] : families(data.recipe())) {
    std::vector<double> n;
    std::vector<MeanInterval> time;
    for (const RecipeArm& arm : arms) {
      n.push_back(setting_of(arm, "router.num_experts"));
      time.push_back(data.mean(arm.name, "ms_per_image"));
    }
    add_curve(panel, family, color++, n, time);
    const auto growth = data.paired(arms.back().name, "ms_per_image", arms.front().name, "ms_per_image", kRatio);
    const std::string what = arms.back().name + " takes the time of " + arms.front().name + " times";
    finding.checks.push_back(family == "soft" ? at_most(what + " at most 1.15", growth, kFlat)
                                              : at_least(what + " at least 1.3", growth, kSlower));
  }
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(mean_table(data, "Processor time", {{"ms_per_image", 3}}));
  return finding;
}

Finding analyse_experts_and_slots(const RecipeData& data) {
  Finding finding;
  const auto& arms = data.recipe().arms;
  figure::Panel panel = panel_of("", "experts n at a fixed number of slots", "test accuracy, %", true);
  std::vector<double> n;
  std::vector<MeanInterval> accuracy;
  for (size_t i = 0; i < arms.size(); ++i) {
    n.push_back(setting_of(arms[i], "router.num_experts"));
    accuracy.push_back(data.mean(arms[i].name, "accuracy"));
    if (i > 0) {
      finding.checks.push_back(
          at_least(arms[i].name + " is not below " + arms[i - 1].name + " (points)",
                   data.paired(arms[i].name, "accuracy", arms[i - 1].name, "accuracy", kDifference), 0));
    }
  }
  add_curve(panel, "Soft MoE", 0, n, accuracy);
  finding.scene.panels.push_back(std::move(panel));
  finding.tables.push_back(mean_table(data, "Accuracy in percent", {{"accuracy", 2}, {"gflops", 4}}));
  return finding;
}

Finding analyse_mixing(const RecipeData& data) {
  Finding finding;
  std::vector<std::pair<std::string, MeanInterval>> bars;
  const std::string soft = data.recipe().arms.front().name;
  for (const RecipeArm& arm : data.recipe().arms) {
    bars.emplace_back(arm.name, data.mean(arm.name, "accuracy"));
    if (arm.name == "uniform" || arm.name == "identity")
      finding.checks.push_back(at_least(soft + " is above " + arm.name + " (points)",
                                        data.paired(soft, "accuracy", arm.name, "accuracy", kDifference), 0));
  }
  finding.scene.panels.push_back(panel_of_bars("test accuracy, %", bars));
  finding.tables.push_back(mean_table(data, "Accuracy in percent", {{"accuracy", 2}, {"gflops", 4}}));
  return finding;
}

Finding analyse_dropping(const RecipeData& data) {
  constexpr double kFollows = 0.9;  // PAPERS.md R7: rank correlation of experts and dropped tokens
  Finding finding;
  figure::Panel panel = panel_of("", "experts E", "tokens without an expert in the worst layer, %", true);
  int64_t color = 0;
  const auto all = families(data.recipe());
  for (const auto& [family, arms] : all) {
    std::vector<double> experts;
    std::vector<MeanInterval> dropped;
    std::vector<std::vector<double>> by_arm;
    for (const RecipeArm& arm : arms) {
      experts.push_back(setting_of(arm, "router.num_experts"));
      by_arm.push_back(largest(data, arm.name, "dropped/"));
      dropped.push_back(bootstrap_mean(by_arm.back()));
    }
    add_curve(panel, family, color++, experts, dropped);
    std::vector<double> correlation;  // one a seed
    for (size_t seed = 0; seed < by_arm.front().size(); ++seed) {
      std::vector<double> of_seed;
      for (const auto& arm : by_arm)
        if (seed < arm.size()) of_seed.push_back(arm[seed]);
      if (of_seed.size() == experts.size()) correlation.push_back(spearman(experts, of_seed));
    }
    finding.checks.push_back(at_least(
        family + ": dropping grows with the number of experts (rank correlation at least 0.9)", correlation, kFollows));
  }
  finding.scene.panels.push_back(std::move(panel));
  std::vector<std::pair<std::string, int>> columns{{"accuracy", 2}};
  for (const std::string& name : data.names("dropped/")) columns.emplace_back(name, 1);
  finding.tables.push_back(mean_table(data, "Tokens without an expert on the test split, percent", columns));
  return finding;
}

Finding analyse_slot_alignment(const RecipeData& data) {
  constexpr double kAligned = 0.2;  // PAPERS.md R9
  Finding finding;
  std::vector<std::pair<std::string, MeanInterval>> bars;
  std::vector<std::pair<std::string, int>> columns;
  for (const std::string& name : data.names("aligned_")) columns.emplace_back(name, 3);
  for (const RecipeArm& arm : data.recipe().arms) {
    for (const auto& [name, decimals] : columns) {
      const std::string layer = name.substr(name.find('/'));
      const bool within = name.starts_with("aligned_within/");
      bars.emplace_back((within ? "within an expert, block " : "across, block ") + layer.substr(1),
                        data.mean(arm.name, name));
      if (!within) continue;
      finding.checks.push_back(
          at_least(arm.name + ", block " + layer.substr(1) + ": cosine within an expert minus across, at least 0.2",
                   data.paired(arm.name, name, arm.name, "aligned_across" + layer, kDifference), kAligned, 3));
    }
  }
  finding.scene.panels.push_back(panel_of_bars("mean cosine of two slots", bars));
  finding.tables.push_back(mean_table(data, "Mean cosine of two slots' parameters", columns));
  return finding;
}

Finding analyse_collapse(const RecipeData& data) {
  constexpr double kFlat = 1.5;  // with normalisation the widest may have so many times the narrowest's
  Finding finding;
  figure::Panel panel = panel_of("", "width d", "largest dispatch weight of a slot, mean, worst layer", true);
  int64_t color = 0;
  for (const auto& [family, arms] : families(data.recipe())) {
    std::vector<double> width;
    std::vector<MeanInterval> peak;
    for (const RecipeArm& arm : arms) {
      width.push_back(setting_of(arm, "model.width"));
      peak.push_back(bootstrap_mean(largest(data, arm.name, "dispatch_max/")));
    }
    add_curve(panel, family, color++, width, peak);
    const auto widest = largest(data, arms.back().name, "dispatch_max/"),
               narrowest = largest(data, arms.front().name, "dispatch_max/");
    std::vector<double> growth;
    for (size_t i = 0; i < std::min(widest.size(), narrowest.size()); ++i) growth.push_back(widest[i] / narrowest[i]);
    const std::string what =
        family + ": from " + arms.front().name + " to " + arms.back().name + " the largest weight grows";
    finding.checks.push_back(family == "normalised" ? at_most(what + " at most 1.5 times", growth, kFlat)
                                                    : at_least(what + " more than 1.5 times", growth, kFlat));
  }
  finding.scene.panels.push_back(std::move(panel));
  std::vector<std::pair<std::string, int>> columns{{"accuracy", 2}};
  for (const std::string& name : data.names("dispatch_max/")) columns.emplace_back(name, 3);
  for (const std::string& name : data.names("combine_max/")) columns.emplace_back(name, 3);
  finding.tables.push_back(mean_table(data, "Largest weights", columns));
  return finding;
}

}  // namespace moescope
