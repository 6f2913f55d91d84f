// Prediction bars: a name, a bar, a number; with a counterfactual beneath and its difference.
#pragma once

#include <string>
#include <vector>

#include "widgets/ui/rect.h"

namespace moescope::plots {

struct Bar {
  std::string name;
  double value = 0;  // share in [0, 1]
  bool has_other = false;
  double other = 0;       // the same under the counterfactual
  bool is_truth = false;  // the image's true class
};

/// One row a bar, as many as fit in the area (row height in design units).
void draw_bars(const ui::Rect& area, const std::vector<Bar>& bars, float row_units);

}  // namespace moescope::plots
