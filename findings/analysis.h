// From what the runs of a recipe measured to a picture and a verdict: one function an analysis, by name. They read
// stored numbers alone, so a report can be made again from the session at any time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compute/records/cell_table.h"
#include "figure/scene.h"
#include "findings/recipe.h"
#include "findings/verdict.h"

namespace moescope {

/// Of one recipe: the values of each seed of each arm that is there.
class RecipeData {
 public:
  explicit RecipeData(const Recipe& recipe) : recipe_(recipe) {}
  void add(const std::string& arm, int64_t seed, Values values);

  const Recipe& recipe() const { return recipe_; }
  /// One number a seed, in the order of the seeds; seeds that lack the value are left out.
  std::vector<double> values(const std::string& arm, const std::string& value) const;
  /// The same of a function of two values of the same seed, such as their difference or ratio.
  std::vector<double> paired(const std::string& arm_a, const std::string& value_a, const std::string& arm_b,
                             const std::string& value_b, const std::function<double(double, double)>& of) const;
  MeanInterval mean(const std::string& arm, const std::string& value) const;
  /// Every value that some run has and that begins so, in the alphabet's order.
  std::vector<std::string> names(const std::string& beginning) const;
  int64_t num_seeds(const std::string& arm) const;

 private:
  const Recipe& recipe_;
  std::map<std::string, std::map<int64_t, Values>> arms_;
};

/// What an analysis found.
struct Finding {
  std::vector<Check> checks;
  std::vector<NamedTable> tables;
  figure::Scene scene;
};

Finding analyse(const RecipeData& data);
/// Throws ConfigError naming the nearest.
void require_analysis(const std::string& name);

// The analyses.
Finding analyse_norm_function(const RecipeData& data);
Finding analyse_proof_inputs(const RecipeData& data);
Finding analyse_existence(const RecipeData& data);
Finding analyse_subset_choice(const RecipeData& data);
Finding analyse_kept_share(const RecipeData& data);
Finding analyse_bpr(const RecipeData& data);
Finding analyse_random_router(const RecipeData& data);
Finding analyse_k_at_inference(const RecipeData& data);
Finding analyse_balance(const RecipeData& data);
Finding analyse_specialisation(const RecipeData& data);
Finding analyse_layer_time(const RecipeData& data);
Finding analyse_experts_and_slots(const RecipeData& data);
Finding analyse_dropping(const RecipeData& data);
Finding analyse_slot_alignment(const RecipeData& data);
Finding analyse_collapse(const RecipeData& data);
Finding analyse_agents(const RecipeData& data);
Finding analyse_game_learning(const RecipeData& data);
Finding analyse_cost_model(const RecipeData& data);
Finding analyse_share_over_n(const RecipeData& data);
Finding analyse_mixing(const RecipeData& data);
Finding analyse_pareto(const RecipeData& data);
Finding analyse_dropped_patches(const RecipeData& data);
Finding analyse_soft_inspection(const RecipeData& data);
Finding analyse_demo(const RecipeData& data);

// What they share.

constexpr auto kDifference = [](double a, double b) { return a - b; };
constexpr auto kRatio = [](double a, double b) { return a / b; };

/// Arms by their name up to the last word ("fashion n=4" is of "fashion"), each family in the recipe's order.
std::map<std::string, std::vector<RecipeArm>> families(const Recipe& recipe);
/// The numbers in names like "capacity/0.5/bpr" that begin so, ascending, each once.
std::vector<double> numbers_in(const RecipeData& data, const std::string& beginning);
/// 0.5 as "0.5", 2.0 as "2".
std::string text_of(double value);

constexpr int64_t kGrey = 14;  // of the palette: what curves are compared with

/// A line through the means of one value over arms or of several values of one arm, with its interval as a band.
void add_curve(figure::Panel& panel, const std::string& name, int64_t color, const std::vector<double>& x,
               const std::vector<MeanInterval>& y);
/// Means with intervals: one row an arm, one column a value (name, decimals).
NamedTable mean_table(const RecipeData& data, const std::string& title,
                      const std::vector<std::pair<std::string, int>>& values);
/// The number behind `key=` in a list of settings ("router.num_experts=4"); throws ConfigError when it is not there.
double setting_of(const RecipeArm& arm, const std::string& key);
figure::Panel panel_of(const std::string& title, const std::string& x, const std::string& y, bool log_x = false,
                       bool log_y = false);
/// One bar a value, with its interval where there are several seeds. Nothing where none was measured.
figure::Panel panel_of_bars(const std::string& label, const std::vector<std::pair<std::string, MeanInterval>>& bars);

/// All panels of the scene in one row.
void side_by_side(figure::Scene& scene);

}  // namespace moescope
