// arXiv:2409.00879: specialised subsets exist (table 1), and Algorithm 1 finds them (figure 2, table 10).
#include <algorithm>
#include <map>

#include "compute/records/error.h"
#include "findings/analysis.h"

namespace moescope {

namespace {

std::vector<double> experts_of(const std::vector<RecipeArm>& arms) {
  std::vector<double> n;
  for (const RecipeArm& arm : arms) n.push_back(setting_of(arm, "router.num_experts"));
  return n;
}

std::vector<MeanInterval> means(const RecipeData& data, const std::vector<RecipeArm>& arms, const std::string& value) {
  std::vector<MeanInterval> list;
  for (const RecipeArm& arm : arms) list.push_back(data.mean(arm.name, value));
  return list;
}

}  // namespace

Finding analyse_existence(const RecipeData& data) {
  // PAPERS.md R2: best subset at least so many percent for n = 4, 8, 16.
  const std::map<double, double> at_least_percent = {{4, 90}, {8, 98.5}, {16, 99.9}};
  Finding finding;
  for (const auto& [family, arms] : families(data.recipe())) {
    figure::Panel panel = panel_of(family + ": a quarter of the experts", "experts n", "test accuracy, %", true);
    add_curve(panel, "all experts", 0, experts_of(arms), means(data, arms, "all"));
    add_curve(panel, "best subset", 1, experts_of(arms), means(data, arms, "best/4"));
    add_curve(panel, "random subset", 2, experts_of(arms), means(data, arms, "random/4"));
    finding.scene.panels.push_back(std::move(panel));
    for (const RecipeArm& arm : arms) {
      const double n = setting_of(arm, "router.num_experts");
      const std::vector<double> best = data.values(arm.name, "best/4");
      if (at_least_percent.contains(n)) {
        const double bound = at_least_percent.at(n);
        finding.checks.push_back(
            at_least(arm.name + ": the best subset predicts at least " + std::to_string(bound).substr(0, 4) + " %",
                     best, bound));
      }
      finding.checks.push_back(
          at_most(arm.name + ": a random subset predicts at most 60 %", data.values(arm.name, "random/4"), 60));
      finding.checks.push_back(at_least(arm.name + ": the best subset does not lose to all experts (points)",
                                        data.paired(arm.name, "best/4", arm.name, "all", kDifference), 0));
    }
  }
  side_by_side(finding.scene);
  finding.tables.push_back(
      mean_table(data, "Accuracy in percent with a quarter of the experts, and how many subsets are some image's best",
                 {{"all", 2},
                  {"best/4", 2},
                  {"random/4", 2},
                  {"combine/4", 2},
                  {"best_used/4", 0},
                  {"subsets/4", 0},
                  {"search_secs/4", 1}}));
  return finding;
}

Finding analyse_subset_choice(const RecipeData& data) {
  constexpr double kFewestExperts = 16, kSeparation = 3;  // PAPERS.md R3: z >= 3 for n >= 16
  Finding finding;
  for (const auto& [family, arms] : families(data.recipe())) {
    const std::vector<double> n = experts_of(arms);
    for (const std::string divisor : {"2", "4", "8"}) {
      figure::Panel panel = panel_of(family + ": k = n/" + divisor, "experts n", "test accuracy, %", true);
      add_curve(panel, "all", 0, n, means(data, arms, "all"));
      add_curve(panel, "Algorithm 1", 1, n, means(data, arms, "combine/" + divisor));
      add_curve(panel, "random", 2, n, means(data, arms, "random/" + divisor));
      add_curve(panel, "load", 3, n, means(data, arms, "load/" + divisor));
      add_curve(panel, "contribution (runs all)", 4, n, means(data, arms, "contribution/" + divisor));
      finding.scene.panels.push_back(std::move(panel));
      for (const RecipeArm& arm : arms) {
        if (setting_of(arm, "router.num_experts") < kFewestExperts) continue;
        finding.checks.push_back(
            at_least(arm.name + ", k=n/" + divisor + ": Algorithm 1 above random by 3 of its deviations (z)",
                     data.values(arm.name, "z/" + divisor), kSeparation, 1));
      }
    }
  }
  finding.scene.columns = 3;
  finding.scene.width = 900;
  finding.scene.height = 260 * static_cast<double>(finding.scene.panels.size()) / 3;
  for (const std::string divisor : {"2", "4", "8"}) {
    finding.tables.push_back(mean_table(data,
                                        "Accuracy in percent with k = n/" + divisor +
                                            " of the experts; time: processor time of the layer over that with all",
                                        {{"all", 2},
                                         {"combine/" + divisor, 2},
                                         {"random/" + divisor, 2},
                                         {"z/" + divisor, 1},
                                         {"load/" + divisor, 2},
                                         {"contribution/" + divisor, 2},
                                         {"time/" + divisor, 2}}));
  }
  return finding;
}

/// R3b: the same runs, asked whether the loss at a fixed share of the experts shrinks with their number.
Finding analyse_share_over_n(const RecipeData& data) {
  constexpr double kRises = 0.8;  // PAPERS.md R3b: Spearman
  Finding finding;
  for (const auto& [family, arms] : families(data.recipe())) {
    const std::vector<double> n = experts_of(arms);
    figure::Panel panel = panel_of(family, "experts n", "test accuracy with n/2 of them, %", true);
    int64_t color = 1;
    for (const auto& [rule, name] : {std::pair("combine", "Algorithm 1"), std::pair("random", "random")}) {
      const std::string value = std::string(rule) + "/2";
      add_curve(panel, name, color++, n, means(data, arms, value));
      std::vector<double> correlation;  // one a seed
      for (int64_t seed = 0; seed < data.num_seeds(arms.front().name); ++seed) {
        std::vector<double> of_seed;
        for (const RecipeArm& arm : arms)
          if (const auto found = data.values(arm.name, value); seed < std::ssize(found))
            of_seed.push_back(found[static_cast<size_t>(seed)]);
        if (of_seed.size() == n.size()) correlation.push_back(spearman(n, of_seed));
      }
      finding.checks.push_back(at_least(family + ", " + name +
                                            ": accuracy with n/2 experts rises with n (rank "
                                            "correlation at least 0.8)",
                                        correlation, kRises));
    }
    finding.scene.panels.push_back(std::move(panel));
  }
  side_by_side(finding.scene);
  finding.tables.push_back(
      mean_table(data, "Accuracy in percent with n/2 of the experts", {{"all", 2}, {"combine/2", 2}, {"random/2", 2}}));
  return finding;
}

Finding analyse_kept_share(const RecipeData& data) {
  Finding finding;
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<double> share;
    std::vector<MeanInterval> by_combine, by_random, by_load;
    std::vector<double> divisors;
    for (const std::string& name : data.names("combine/"))
      divisors.push_back(std::stod(name.substr(name.find('/') + 1)));
    std::sort(divisors.begin(), divisors.end(), std::greater<>());
    for (const double divisor : divisors) {
      const std::string of = "/" + std::to_string(static_cast<int64_t>(divisor));
      share.push_back(1 / divisor);
      by_combine.push_back(data.mean(arm.name, "combine" + of));
      by_random.push_back(data.mean(arm.name, "random" + of));
      by_load.push_back(data.mean(arm.name, "load" + of));
      finding.checks.push_back(at_least(arm.name + ", k=n" + of + ": Algorithm 1 above random (points)",
                                        data.paired(arm.name, "combine" + of, arm.name, "random" + of, kDifference),
                                        0));
    }
    figure::Panel panel = panel_of(arm.name, "share of the experts kept", "test accuracy, %");
    add_curve(panel, "Algorithm 1", 1, share, by_combine);
    add_curve(panel, "random", 2, share, by_random);
    add_curve(panel, "load", 3, share, by_load);
    finding.scene.panels.push_back(std::move(panel));
  }
  side_by_side(finding.scene);
  finding.tables.push_back(mean_table(data, "Accuracy in percent",
                                      {{"all", 2},
                                       {"combine/2", 2},
                                       {"random/2", 2},
                                       {"combine/4", 2},
                                       {"random/4", 2},
                                       {"combine/8", 2},
                                       {"random/8", 2}}));
  return finding;
}

}  // namespace moescope
