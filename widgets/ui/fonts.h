// Typefaces: Inter for words, JetBrains Mono for numbers, DejaVu when they are missing, at the display's scale.
#pragma once

#include <string>
#include <vector>

#include "widgets/ui/look.h"

namespace moescope::ui {

/// Where typefaces are looked for, best first, for each face; the first file that exists is taken.
std::vector<std::string> font_candidates(Face face);

/// Fills ImGui's font atlas (current context) at look.scale with FreeType's light hinting and sets look.fonts. The
/// caller uploads the atlas again. Falls back to ImGui's built-in bitmap face when no file is found: text is then plain
/// but never missing. Returns the files used, one a face, "" for the built-in one.
std::vector<std::string> load_fonts(Look& look);

}  // namespace moescope::ui
