// The agents there are, the one in training above them, and what a new one would be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "widgets/ui/rect.h"

namespace moescope::panels {

struct AgentRow {
  int64_t run_id = 0;
  std::string name, detail;  // "soft", "breakout   soft, 8 experts"
  std::string right;         // "7.3"
};
/// One line of the list; returns the run that was clicked, 0: none.
int64_t draw_agent_list(const ui::Rect& area, std::span<const AgentRow> rows, int64_t chosen, const std::string& empty);

/// The run that trains in this window.
struct TrainingCard {
  std::string name, line, trouble;  // line: "step 12 000   return 7.3   8.1k steps/s"
  bool running = false, paused = false, chosen = false;
};
enum class TrainingWish { none, open, pause, go_on, stop };
TrainingWish draw_training_card(const ui::Rect& area, const TrainingCard& card);
float training_card_height();

/// What a new agent is made from.
struct AgentForm {
  int game = 1, layer = 1, experts = 3;  // indices of what follows
  std::string settings;                  // "key=value key=value"
  static std::span<const std::string> games();
  static std::span<const std::string> layers();
  static std::span<const std::string> expert_counts();
  /// "key=value" each, as `rl train --set` takes them.
  std::vector<std::string> assignments() const;
};
/// True when it is to be trained.
bool draw_agent_form(const ui::Rect& area, AgentForm& form);
float agent_form_height();

}  // namespace moescope::panels
