// What a panel shows when it has no data: each state has its picture and one sentence.
#pragma once

#include <string_view>

#include "widgets/ui/rect.h"

namespace moescope::panels {

enum class Mood { empty, loading, failed, diverged };

/// A small picture with a title and a sentence below, centred in the area.
void draw_state(const ui::Rect& area, Mood mood, std::string_view title, std::string_view text);

}  // namespace moescope::panels
