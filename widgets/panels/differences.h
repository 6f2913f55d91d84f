// What differs between chosen runs, and nothing else: settings, knobs, results.
#pragma once

#include "compute/records/run_comparison.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Differences {
 public:
  void draw_ui(const ui::Rect& area, const RunComparison* comparison);

 private:
  int tab_ = 0;
};

}  // namespace moescope::panels
