// Ctrl+K: one line in which every command, image, layer, expert and link is found by some of its letters.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compute/records/stored_run.h"
#include "compute/records/view_link.h"
#include "widgets/panels/help_sheet.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// How well a name answers what was typed, greater is better; nothing when a letter is missing. Letters count in order,
/// more at the beginning of a word and side by side; case and spaces do not matter.
std::optional<int> fuzzy_score(std::string_view typed, std::string_view name);

struct PaletteLine {
  std::string name, keys;
  bool works = true;
  std::variant<ui::Press, ViewLink, int64_t> does;  // a key, as if pressed; somewhere to go; a stored run
};

/// Best first: the commands of a page, what the numbers and links in `typed` may mean, and stored runs.
std::vector<PaletteLine> palette_lines(std::string_view typed, const std::vector<KeyCommand>& commands,
                                       std::span<const RunSummary> runs = {});

class Palette {
 public:
  void open() { open_ = just_opened_ = true, has_keyboard_ = false, typed_.clear(), chosen_ = 0; }
  bool is_open() const { return open_; }
  bool needs_another_frame() const { return open_ && !has_keyboard_; }
  /// Draws the sheet; returns what was chosen, which closes it.
  std::optional<PaletteLine> draw_ui(const ui::Rect& screen, const std::vector<KeyCommand>& commands,
                                     std::span<const RunSummary> runs = {});
  const std::string& typed() const { return typed_; }

 private:
  std::optional<PaletteLine> draw_lines(ui::Rect area, const std::vector<PaletteLine>& lines);

  bool open_ = false, just_opened_ = false, has_keyboard_ = false;
  std::string typed_;
  int chosen_ = 0;
};

}  // namespace moescope::panels
