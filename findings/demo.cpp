// The demo models: whether their maps have something to show. They are what is judged, so one training of each settles
// it; a claim about trainings like theirs would need seeds.
#include <algorithm>

#include "findings/analysis.h"

namespace moescope {

Finding analyse_demo(const RecipeData& data) {
  constexpr double kUneven = 3, kNats = 0.3;  // times the uniform weight; of the class
  Finding finding;
  std::vector<std::pair<std::string, MeanInterval>> bars;
  for (const RecipeArm& arm : data.recipe().arms) {
    const auto last = [&](const std::string& beginning) {
      double value = 0;
      for (const double layer : numbers_in(data, beginning))
        if (const auto found = data.values(arm.name, beginning + text_of(layer)); !found.empty()) value = found.front();
      return value;
    };
    if (data.num_seeds(arm.name) == 0) continue;
    const double peak = last("dispatch_max/"), uniform = last("uniform/"), nats = last("class/");
    if (uniform > 0)
      finding.checks.push_back(
          counted(arm.name + ": a slot's largest dispatch weight is at least 3 times a uniform one",
                  text_of(peak / uniform), peak >= kUneven * uniform));
    else
      finding.checks.push_back(
          counted(arm.name + ": experts tell at least 0.3 nats of the class", text_of(nats), nats >= kNats));
    bars.emplace_back(arm.name, data.mean(arm.name, "accuracy"));
  }
  finding.scene.panels.push_back(panel_of_bars("test accuracy, %", bars));
  std::vector<std::pair<std::string, int>> columns{{"accuracy", 2}};
  for (const char* beginning : {"dispatch_max/", "uniform/", "class/", "position/"})
    for (const std::string& name : data.names(beginning)) columns.emplace_back(name, 3);
  finding.tables.push_back(mean_table(data, "What the maps show, by block", columns));
  return finding;
}

}  // namespace moescope
