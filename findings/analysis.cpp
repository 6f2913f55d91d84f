// The list of analyses, and what they are made of.
#include "findings/analysis.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>

#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

using Analysis = Finding (*)(const RecipeData&);

const std::map<std::string, Analysis, std::less<>>& analyses() {
  static const std::map<std::string, Analysis, std::less<>> all = {{"agents", analyse_agents},
                                                                   {"game-learning", analyse_game_learning},
                                                                   {"norm-function", analyse_norm_function},
                                                                   {"proof-inputs", analyse_proof_inputs},
                                                                   {"existence", analyse_existence},
                                                                   {"subset-choice", analyse_subset_choice},
                                                                   {"kept-share", analyse_kept_share},
                                                                   {"bpr", analyse_bpr},
                                                                   {"random-router", analyse_random_router},
                                                                   {"k-at-inference", analyse_k_at_inference},
                                                                   {"balance", analyse_balance},
                                                                   {"specialisation", analyse_specialisation},
                                                                   {"layer-time", analyse_layer_time},
                                                                   {"experts-and-slots", analyse_experts_and_slots},
                                                                   {"dropping", analyse_dropping},
                                                                   {"slot-alignment", analyse_slot_alignment},
                                                                   {"collapse", analyse_collapse},
                                                                   {"cost-model", analyse_cost_model},
                                                                   {"share-over-n", analyse_share_over_n},
                                                                   {"mixing", analyse_mixing},
                                                                   {"pareto", analyse_pareto},
                                                                   {"dropped-patches", analyse_dropped_patches},
                                                                   {"soft-inspection", analyse_soft_inspection},
                                                                   {"demo", analyse_demo}};
  return all;
}

}  // namespace

void RecipeData::add(const std::string& arm, int64_t seed, Values values) { arms_[arm][seed] = std::move(values); }

std::vector<double> RecipeData::values(const std::string& arm, const std::string& value) const {
  return paired(arm, value, arm, value, [](double a, double) { return a; });
}

std::vector<double> RecipeData::paired(const std::string& arm_a, const std::string& value_a, const std::string& arm_b,
                                       const std::string& value_b,
                                       const std::function<double(double, double)>& of) const {
  std::vector<double> list;
  const auto a = arms_.find(arm_a), b = arms_.find(arm_b);
  if (a == arms_.end() || b == arms_.end()) return list;
  for (const auto& [seed, of_a] : a->second) {
    const auto of_b = b->second.find(seed);
    if (of_b == b->second.end() || !of_a.contains(value_a) || !of_b->second.contains(value_b)) continue;
    list.push_back(of(of_a.at(value_a), of_b->second.at(value_b)));
  }
  return list;
}

MeanInterval RecipeData::mean(const std::string& arm, const std::string& value) const {
  return bootstrap_mean(values(arm, value));
}

std::vector<std::string> RecipeData::names(const std::string& beginning) const {
  std::set<std::string> found;
  for (const auto& [arm, seeds] : arms_) {
    for (const auto& [seed, values] : seeds) {
      for (const auto& [name, value] : values)
        if (name.starts_with(beginning)) found.insert(name);
    }
  }
  return {found.begin(), found.end()};
}

int64_t RecipeData::num_seeds(const std::string& arm) const {
  const auto found = arms_.find(arm);
  return found == arms_.end() ? 0 : static_cast<int64_t>(found->second.size());
}

Finding analyse(const RecipeData& data) {
  require_analysis(data.recipe().analysis);
  return analyses().at(data.recipe().analysis)(data);
}

void require_analysis(const std::string& name) {
  if (analyses().contains(name)) return;
  std::vector<std::string_view> names;
  for (const auto& [known, analysis] : analyses()) names.push_back(known);
  throw ConfigError("there is no analysis '" + name + "'; did you mean '" + std::string(nearest_name(name, names)) +
                    "'?");
}

std::map<std::string, std::vector<RecipeArm>> families(const Recipe& recipe) {
  std::map<std::string, std::vector<RecipeArm>> found;
  for (const RecipeArm& arm : recipe.arms) found[arm.name.substr(0, arm.name.rfind(' '))].push_back(arm);
  return found;
}

std::vector<double> numbers_in(const RecipeData& data, const std::string& beginning) {
  std::vector<double> found;
  for (const std::string& name : data.names(beginning)) found.push_back(std::stod(name.substr(beginning.size())));
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void add_curve(figure::Panel& panel, const std::string& name, int64_t color, const std::vector<double>& x,
               const std::vector<MeanInterval>& y) {
  figure::Band band{.color = color, .x = {}, .low = {}, .high = {}};
  figure::Line line{.name = name, .color = color, .x = {}, .y = {}, .dots = true};
  for (size_t i = 0; i < x.size(); ++i) {
    if (y[i].count == 0) continue;
    line.x.push_back(x[i]), line.y.push_back(y[i].mean);
    band.x.push_back(x[i]), band.low.push_back(y[i].low), band.high.push_back(y[i].high);
  }
  panel.marks.emplace_back(std::move(band));
  panel.marks.emplace_back(std::move(line));
}

NamedTable mean_table(const RecipeData& data, const std::string& title,
                      const std::vector<std::pair<std::string, int>>& values) {
  NamedTable named{title, {{"arm", "seeds"}, {}, false}};
  for (const auto& [value, decimals] : values) named.table.columns.push_back(value);
  for (const RecipeArm& arm : data.recipe().arms) {
    std::vector<Cell> row{arm.name, data.num_seeds(arm.name)};
    for (const auto& [value, decimals] : values) row.emplace_back(interval_text(data.mean(arm.name, value), decimals));
    named.table.rows.push_back(std::move(row));
  }
  return named;
}

double setting_of(const RecipeArm& arm, const std::string& key) {
  for (const std::string& setting : arm.settings)
    if (setting.starts_with(key + "=")) return std::stod(setting.substr(key.size() + 1));
  throw ConfigError("the arm \"" + arm.name + "\" does not set " + key + ", which its analysis plots");
}

figure::Panel panel_of(const std::string& title, const std::string& x, const std::string& y, bool log_x, bool log_y) {
  figure::Panel panel;
  panel.title = title;
  panel.x = {.label = x, .log = log_x, .low = {}, .high = {}};
  panel.y = {.label = y, .log = log_y, .low = {}, .high = {}};
  return panel;
}

figure::Panel panel_of_bars(const std::string& label, const std::vector<std::pair<std::string, MeanInterval>>& bars) {
  figure::Bars all{.color = 0, .names = {}, .values = {}, .low = {}, .high = {}};
  for (const auto& [name, mean] : bars) {
    if (mean.count == 0) continue;
    all.names.push_back(name);
    all.values.push_back(mean.mean), all.low.push_back(mean.low), all.high.push_back(mean.high);
  }
  figure::Panel panel = panel_of("", label, "");
  panel.marks.emplace_back(std::move(all));
  return panel;
}

void side_by_side(figure::Scene& scene) {
  scene.columns = std::max<int64_t>(static_cast<int64_t>(scene.panels.size()), 1);
  scene.width = 360 * static_cast<double>(scene.columns);
}

}  // namespace moescope
