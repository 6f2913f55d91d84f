// What can be acted on: hit areas, buttons, sliders, toggles, choices, text boxes. All take the rectangle they live in.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "widgets/ui/draw.h"

namespace moescope::ui {

struct Hit {
  bool hovered = false, held = false, clicked = false, released = false, focused = false;
};
/// An invisible button over the area: mouse and keyboard. Draws a focus ring when reached by keyboard.
Hit hit(const char* id, const Rect& area);
/// True while the mouse is over the area and nothing else covers it (for pictures, which need no button).
bool hovering(const Rect& area);

enum class ButtonKind { primary, plain, quiet };
bool button(const char* id, const Rect& area, std::string_view label, ButtonKind kind = ButtonKind::plain,
            bool enabled = true);

/// How a value maps to the track. With zero_at_left a logarithmic track has 0 at its left end ("off").
struct SliderScale {
  double min = 0, max = 1;
  bool logarithmic = false, integer = false, zero_at_left = false;
  double to_track(double value) const;    // [0, 1]
  double from_track(double share) const;  // rounded to what the track can tell apart
};
struct SliderResult {
  bool changed = false;   // value moved in this frame
  bool released = false;  // let go after a move
};
/// A thin track with a round grip. `color` is the accent, or the warning colour while a change is pending.
SliderResult slider(const char* id, const Rect& area, const SliderScale& scale, double& value, ImU32 color);

bool toggle(const char* id, const Rect& area, bool& on, ImU32 color);  // true when switched

/// One of several words. Returns the clicked one or -1.
int segmented(const char* id, const Rect& area, std::span<const std::string> words, int chosen);

/// Words as buttons, in as many lines as they need but not more than `lines`; what is on is filled. Takes its height
/// off the area. Returns the clicked one or -1.
int words(const char* id, Rect& area, std::span<const std::string> names, const std::function<bool(size_t)>& on,
          int lines);

struct TextBoxResult {
  bool changed = false, entered = false, left = false, active = false;
};
/// One line of text on a raised surface; `hint` is shown when it is empty.
TextBoxResult text_box(const char* id, const Rect& area, std::string& text, const char* hint, Face face = Face::small);

/// A bar from 0 to `value` on [0, max], with a tick at `reference` when it is not negative.
void load_bar(const Rect& area, double value, double max, double reference, ImU32 color);

}  // namespace moescope::ui
