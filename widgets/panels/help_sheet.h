// The sheet of all keys, and the same table as commands that can be found and done without knowing the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widgets/ui/keys.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// One line of the table that a key can do: "MoE layer before" on ",".
struct KeyCommand {
  std::string name, keys;
  ui::Press press;
  bool works = true;
};
/// Of a page (by its title), in the order of the sheet. `hints` tell which of them do nothing now.
std::vector<KeyCommand> key_commands(std::string_view page, const std::vector<ui::KeyHint>& hints);
/// The names of two keys in one line: "image before, after" are "image before" and "image after".
std::vector<std::string> split_names(std::string_view what, size_t count);

/// Draws the sheet of a page (by its title) over everything. Returns true when it is to be closed (a click, Esc or
/// `?`).
bool draw_help_sheet(const ui::Rect& screen, std::string_view page);

}  // namespace moescope::panels
