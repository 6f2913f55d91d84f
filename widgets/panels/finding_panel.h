// What was found for a claim: each inequality of its criterion with its verdict, and the numbers behind them.
#pragma once

#include <span>

#include "compute/records/cell_table.h"
#include "compute/records/verdict.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class FindingPanel {
 public:
  void draw_ui(const ui::Rect& area, std::span<const Check> checks, std::span<const NamedTable> tables);

 private:
  int tab_ = 0;
};

}  // namespace moescope::panels
