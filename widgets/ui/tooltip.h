// A tool-tip says what a thing is, how it is computed and where that comes from.
#pragma once

#include <string>
#include <string_view>

#include "widgets/ui/rect.h"

namespace moescope::ui {

struct Tip {
  std::string_view title, text;
  std::string_view formula = {};  // "CV = std(load) / mean(load)"
  std::string_view source = {};   // "V-MoE, arXiv 2106.05974, appendix A"
};
/// Shown when the mouse rests on the area for a moment.
void tip(const Rect& area, const Tip& what);
/// Shown at once, beside the mouse: the number under the cursor.
void tip_now(const Tip& what);

}  // namespace moescope::ui
