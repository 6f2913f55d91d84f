// The recipe of a figure: enough to make it again from the store, and nothing that a later change of the run could
// alter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

struct FigureSpec {
  std::string kind;                 // one of figure_kinds()
  std::vector<std::string> runs;    // "3@400": run 3 as it was after 400 steps
  std::vector<std::string> labels;  // what the figure calls them; one each
  std::string key = "train/loss";   // curves: the metric; several, apart by spaces, are a panel each
  std::string x = "step";           // curves: step, images, gflops; pareto: gflops, ms, parameters
  bool log_x = false, log_y = false;
  int64_t first_step = 0, last_step = -1;  // curves: only this part of the run, as exactly as it is; -1: to the end
  int64_t layer = -1;                      // load, ridge, routing: the block; -1: the first one with experts
  std::string title, caption;
  double width = 480, height = 320;  // points
};

/// JSON with every field. from_json throws ConfigError for what is no spec, an unknown field or a kind that is none.
std::string to_json(const FigureSpec& spec);
FigureSpec figure_spec_from_json(const std::string& text);

/// The metrics of curves, one a panel.
std::vector<std::string> figure_keys(const FigureSpec& spec);

/// The kinds, each with its one line.
const std::vector<std::pair<std::string, std::string>>& figure_kinds();
/// Throws ConfigError naming the nearest kind.
void require_figure_kind(const std::string& kind);

}  // namespace moescope
