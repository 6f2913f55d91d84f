// What a viewer of a Soft MoE sees in its weights: who weighs how much, and how evenly
// (arXiv:2308.00951, appendices G and I, figures 24, 26 and 27).
#include "findings/analysis.h"
#include "findings/measures.h"
#include "findings/test_split.h"
#include "findings/weight_spread.h"

namespace moescope {

namespace {

// What the paper reports of S/16 with 128 slots and 196 tokens; figure 24.
constexpr double kHeavyTokens = 2, kLightTokens = 15;  // at least so many percent weigh above 2, below 0.25
constexpr double kUneven = 3;                          // the most used expert over the least used
constexpr double kSharp = 100 * 25.0 / 196;            // percent of the tokens that hold 90 % of some slots
constexpr double kFlat = 80;                           // ... of others: nearly the 90 % of a uniform slot

void judge(const RecipeData& data, const std::string& arm, const std::string& layer, std::vector<Check>& checks) {
  const std::string where = arm + ", block " + layer + ": ", of = "/" + layer;
  const auto has = [&](const std::string& name) { return data.values(arm, name + of); };
  checks.push_back(at_least(where + "percent of the tokens whose dispatch weights sum to more than 2, at least 2",
                            has("token_above_2"), kHeavyTokens, 1));
  checks.push_back(at_least(where + "percent of the tokens whose dispatch weights sum to less than 0.25, at least 15",
                            has("token_below_0.25"), kLightTokens, 1));
  checks.push_back(at_least(where + "combine weight of the most used expert over the least used, at least 3",
                            has("expert_ratio"), kUneven));
  checks.push_back(at_most(where + "percent of the tokens that hold 90 % of the sharpest slot, at most 12.8",
                           has("tokens_for_90/sharpest"), kSharp, 1));
  checks.push_back(at_least(where + "percent of the tokens that hold 90 % of the flattest slot, at least 80",
                            has("tokens_for_90/flattest"), kFlat, 1));
}

/// From 0 to all there is.
void whole_share(figure::AxisSpec& axis, double all) { axis.low = 0, axis.high = all; }

/// Figure 24 left: how many tokens weigh at most so much, one curve a layer.
figure::Panel token_panel(const RecipeData& data, const std::string& arm, const std::vector<double>& layers) {
  figure::Panel panel =
      panel_of("What a token weighs in all slots together", "sum of its dispatch weights", "share of tokens, %");
  whole_share(panel.y, 100);
  for (const double layer : layers) {
    figure::Line line{
        .name = "block " + text_of(layer), .color = static_cast<int64_t>(panel.marks.size()), .x = {}, .y = {}};
    for (const double percent : token_percentiles()) {
      const auto values = data.mean(arm, "token_sum/" + text_of(layer) + "/" + text_of(percent));
      if (values.count > 0) line.x.push_back(values.mean), line.y.push_back(percent);
    }
    panel.marks.emplace_back(std::move(line));
  }
  return panel;
}

/// Figure 24 middle.
figure::Panel expert_panel(const RecipeData& data, const std::string& arm, const std::vector<double>& layers) {
  figure::Panel panel =
      panel_of("What an expert gives to all tokens", "experts, least used first", "weight over the least");
  int64_t color = 0;
  for (const double layer : layers) {
    const std::string of = "expert_share/" + text_of(layer) + "/";
    std::vector<MeanInterval> shares;
    const std::vector<double> ranks = numbers_in(data, of);
    for (const double rank : ranks) shares.push_back(data.mean(arm, of + text_of(rank)));
    add_curve(panel, "block " + text_of(layer), color++, ranks, shares);
  }
  return panel;
}

/// Figure 24 right: the sharpest, the middle and the flattest slot.
figure::Panel slot_panel(const RecipeData& data, const std::string& arm, const std::string& layer) {
  figure::Panel panel = panel_of("Three slots, block " + layer, "heaviest tokens k", "weight they hold");
  whole_share(panel.y, 1);
  int64_t color = 0;
  for (const char* which : kShownSlots) {
    const std::string of = std::string("slot/") + which + "/" + layer + "/";
    const std::vector<double> ks = numbers_in(data, of);
    std::vector<MeanInterval> held;
    for (const double k : ks) held.push_back(data.mean(arm, of + text_of(k)));
    add_curve(panel, which, color++, ks, held);
  }
  return panel;
}

/// Figures 26 and 27: mean, and central bands one within the other.
figure::Panel band_panel(const RecipeData& data, const std::string& arm, const std::string& mass,
                         const std::string& layer) {
  const bool dispatch = mass == "dispatch";
  figure::Panel panel =
      panel_of((dispatch ? "Dispatch, block " : "Combine, block ") + layer,
               dispatch ? "heaviest tokens k of a slot" : "heaviest slots k of a token", "weight they hold");
  whole_share(panel.y, 1);
  const std::string of = mass + "_mass/" + layer + "/";
  const std::vector<double> ks = numbers_in(data, of);
  if (ks.empty()) return panel;
  const auto curve = [&](const std::string& what) {
    std::vector<double> y;
    for (const double k : ks) y.push_back(data.mean(arm, of + text_of(k) + "/" + what).mean);
    return y;
  };
  const std::vector<double>& percents = band_percentiles();
  for (size_t i = 0; i < percents.size() / 2; ++i)
    panel.marks.emplace_back(figure::Band{.color = 0,
                                          .x = ks,
                                          .low = curve(text_of(percents[i])),
                                          .high = curve(text_of(percents[percents.size() - 1 - i]))});
  panel.marks.emplace_back(figure::Line{.name = "mean", .color = 0, .x = ks, .y = curve("mean"), .dots = false});
  panel.marks.emplace_back(
      figure::Line{.name = "uniform", .color = kGrey, .x = {0, ks.back()}, .y = {0, 1}, .dots = false});
  return panel;
}

NamedTable numbers_table(const RecipeData& data, const std::vector<double>& layers) {
  NamedTable named{
      "Percent of the tokens that weigh more than 2 and less than 0.25, most over least used expert, and "
      "percent of the tokens that hold 90 % of a slot, of all slots the sharpest, middle and flattest",
      {{"arm", "seeds", "block", "above 2", "below 0.25", "experts", "sharpest", "middle", "flattest"}, {}, false}};
  for (const RecipeArm& arm : data.recipe().arms) {
    for (const double layer : layers) {
      std::vector<Cell> row{arm.name, data.num_seeds(arm.name), static_cast<int64_t>(layer)};
      for (const char* name : {"token_above_2", "token_below_0.25", "expert_ratio", "tokens_for_90/sharpest",
                               "tokens_for_90/middle", "tokens_for_90/flattest"})
        row.emplace_back(interval_text(data.mean(arm.name, std::string(name) + "/" + text_of(layer)), 1));
      named.table.rows.push_back(std::move(row));
    }
  }
  return named;
}

}  // namespace

void measure_inspection(Replica& model, const Numbers&, const StudyProgress& progress, Values& values) {
  LayerWatcher<WeightSpread> watcher;
  watch_test_split(model, EvalOptions::of(model.config), watcher, progress);
  for (const auto& [layer, spread] : watcher.layers()) spread.report(layer, values);
}

Finding analyse_soft_inspection(const RecipeData& data) {
  Finding finding;
  const std::vector<double> layers = numbers_in(data, "token_sum/");
  for (const RecipeArm& arm : data.recipe().arms) {
    for (const double layer : layers) judge(data, arm.name, text_of(layer), finding.checks);
    auto& panels = finding.scene.panels;
    panels.push_back(token_panel(data, arm.name, layers));
    panels.push_back(expert_panel(data, arm.name, layers));
    for (const double layer : layers) panels.push_back(slot_panel(data, arm.name, text_of(layer)));
    for (const char* mass : {"dispatch", "combine"})
      for (const double layer : layers) panels.push_back(band_panel(data, arm.name, mass, text_of(layer)));
  }
  // Two rows in all: a window has more room across than down.
  finding.scene.columns = static_cast<int64_t>((finding.scene.panels.size() + 1) / 2);
  finding.scene.width = 280 * static_cast<double>(finding.scene.columns), finding.scene.height = 480;
  finding.scene.caption = "Bands hold the central 60, 80, 90, 95 and 99 % of all slots (tokens) and test images.";
  finding.tables.push_back(numbers_table(data, layers));
  return finding;
}

}  // namespace moescope
