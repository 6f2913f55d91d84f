// Keys: bare characters act on what is under the cursor, unless somebody is typing text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "widgets/ui/draw.h"

namespace moescope::ui {

/// How often the character was typed in this frame; letters count in either case. 0 while a text box has the keyboard.
/// Characters, not key codes, so that `[` works on every keyboard layout.
int typed(char character);

/// All characters typed in this frame, in order, letters small: for keys whose order matters. Empty while a text box
/// has the keyboard.
std::string typed_text();

/// True while the letter's key is down and no text box has the keyboard. GLFW numbers letter keys by their capital.
bool key_held(char letter);

/// Keys without a character, by GLFW's numbers.
enum class Key { escape = 256, enter = 257, del = 261, f1 = 290, f3 = 292, f4 = 293, f5 = 294, f6 = 295 };
/// True in the frame after the key went down, however short it was held.
bool pressed(Key key);
/// True in the frame in which Ctrl and the letter went down together (no character comes of that).
bool ctrl_typed(char letter);
/// True while a shift key is down and no text box has the keyboard.
bool shift_held();

/// A key as if somebody had pressed it: a character, or a key by GLFW's number, with Ctrl or without.
struct Press {
  char character = 0;
  int key = 0;
  bool ctrl = false;
  bool operator==(const Press&) const = default;
};
/// What a label such as "T", "?", "Ctrl+S", "F1" or "Esc" stands for; nothing for "X hold" or "wheel".
std::optional<Press> press_of(std::string_view label);
/// Presses it in this frame: typed(), pressed() and ctrl_typed() see it.
void press(const Press& press);

struct KeyHint {
  std::string_view keys, what;
  bool works = true;  // hints that do nothing now are left out
};
/// One line of keys with what they do, as many as fit.
void key_hints(const Rect& area, const std::vector<KeyHint>& hints);

}  // namespace moescope::ui
