// How an expert looks: its colour, and a hatch as the second cue where colours repeat. The same in every panel.
#pragma once

#include <cstdint>

#include "widgets/ui/draw.h"

namespace moescope::ui {

/// Patterns in the order in which palettes repeat: experts 0 to size-1 are plain, the next ones hatched.
enum class Hatch { none, rising, falling, level, upright, crossed, grid, dots };
inline constexpr int64_t kNumHatches = 8;
Hatch hatch_of(int64_t expert);

/// A surface in the expert's colour, hatched when its colour is not its own alone.
void fill_expert(const Rect& area, int64_t expert, float alpha, float rounding = 0);

/// The little square that stands for an expert in lists, centred in the area.
void expert_swatch(const Rect& area, int64_t expert, float alpha = 1);

}  // namespace moescope::ui
