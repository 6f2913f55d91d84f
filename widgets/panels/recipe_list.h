// The recipes, each with how far it has come and its verdict; a click chooses one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "compute/records/verdict.h"
#include "widgets/ui/look.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

struct RecipeLine {
  std::string_view id, title;      // "R10", "Batch Prioritized Routing holds at low capacity"
  std::string_view progress;       // "3 of 12 (quick)"; empty: nothing of it has run
  std::optional<Verdict> verdict;  // none: nothing of it has run
};

/// Returns the line that was clicked, else -1. follow: the chosen line is brought into view, once it was chosen by a
/// key.
int64_t draw_recipe_list(const ui::Rect& area, std::span<const RecipeLine> lines, int64_t chosen, bool follow);

ImU32 verdict_color(Verdict verdict);

}  // namespace moescope::panels
