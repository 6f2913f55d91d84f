// Puts what is known of a run's progress on one line, the most wanted first.
#include "app/terminal/progress_line.h"

#include <algorithm>
#include <cmath>

#include "app/terminal/text_table.h"

namespace moescope {

namespace {

constexpr int kBarCells = 20;

double share_done(const Snapshot& s) {
  if (s.total_steps <= 0 || s.total_steps < s.step) return -1;
  return std::clamp(static_cast<double>(s.step) / static_cast<double>(s.total_steps), 0.0, 1.0);
}

std::string bar(double share) {
  const int filled = static_cast<int>(std::floor(share * kBarCells));
  std::string cells(static_cast<size_t>(filled), '=');
  if (filled < kBarCells) cells += '>';
  cells.resize(kBarCells, ' ');
  return "[" + cells + "] " + fixed(std::floor(share * 100), 0) + " %  ";
}

}  // namespace

bool has_stepped(const Snapshot& s) { return s.step > 0 && (s.learning_rate > 0 || s.gradient_norm > 0); }

std::string progress_text(const Snapshot& s) {
  if (s.state == RunState::preparing) return "preparing";
  std::string text = "step " + std::to_string(s.step);
  if (s.total_steps >= s.step && s.total_steps > 0) text += "/" + std::to_string(s.total_steps);
  text += "  epoch " + fixed(s.epoch, 2);
  if (has_stepped(s)) text += "  loss " + fixed(s.loss, 4);
  if (s.test_accuracy >= 0) text += "  test accuracy " + fixed(s.test_accuracy, 4);
  if (s.images_per_sec > 0) text += "  " + fixed(s.images_per_sec, 0) + " images/s";
  if (!s.job.empty()) text += "  " + s.job;
  if (s.state == RunState::running && s.eta_secs >= 0) text += "  " + duration(s.eta_secs) + " left";
  return text;
}

std::string progress_bar(const Snapshot& s, int columns) {
  const double share = share_done(s);
  std::string line = (share >= 0 ? bar(share) : "") + progress_text(s);
  if (static_cast<int>(line.size()) > columns) line.resize(static_cast<size_t>(std::max(columns, 0)));
  return line;
}

}  // namespace moescope
