// Accuracy against cost of every run that the table of runs finds, in one read: for the screen, where nothing is
// chosen.
#include <cmath>
#include <map>

#include "app/figures/figures.h"
#include "app/runs/run_table_reader.h"
#include "compute/records/cell_values.h"

namespace moescope {

figure::Scene scatter_of_all(const RunReader& reader, const RunTableQuestion& question, const std::string& x,
                             std::vector<int64_t>& run_of_point) {
  const std::map<std::string, std::pair<std::string, std::string>> axes = {
      {"gflops", {"gflops_per_image", "GFLOPs/image"}},
      {"ms", {"eval/test/images_per_sec", "ms/image"}},
      {"parameters", {"parameters", "parameters"}}};
  const auto& [column, label] = axes.at(x);
  RunQuery wanted = query_of(question);
  wanted.limit = reader.count_runs(wanted);
  figure::Scatter points;
  points.name = "a run; a click chooses it";
  int64_t without = 0;
  for (const std::vector<Cell>& row : reader.run_cells(wanted, {"run", "test_accuracy", column}).rows) {
    const double accuracy = number_of(row[1]), cost = number_of(row[2]);
    if (std::isnan(accuracy) || std::isnan(cost)) {
      ++without;
      continue;
    }
    run_of_point.push_back(whole_of(row[0]));
    points.x.push_back(x == "ms" ? 1e3 / cost : cost);
    points.y.push_back(accuracy);
  }
  if (points.x.empty()) throw UserError("none of these runs has been evaluated on the test set yet");
  for (const bool beaten : dominated(points.x, points.y)) points.faded.push_back(beaten ? 1 : 0);
  figure::Panel panel{.title = "",
                      .x = {.label = label, .log = false, .low = {}, .high = {}},
                      .y = {.label = "test accuracy", .log = false, .low = {}, .high = {}},
                      .marks = {},
                      .events = {},
                      .shown = ""};
  if (without > 0)
    panel.shown = std::to_string(without) + (without == 1 ? " run without a value is" : " runs without a value are") +
                  " not shown";
  panel.marks.emplace_back(std::move(points));
  figure::Scene scene;
  scene.panels.push_back(std::move(panel));
  return scene;
}

}  // namespace moescope
