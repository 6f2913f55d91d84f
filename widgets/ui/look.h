// The look of the window: colour tokens, typefaces and scale, in one value that every widget reads.
#pragma once

#include <imgui.h>

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace moescope::ui {

/// Chrome is five greys, one accent for what can be acted on, one warning for what is changed or pending, two states.
struct Theme {
  bool dark = true;
  ImU32 background, panel, raised, line;  // surfaces
  ImU32 text, dim, faint;                 // three levels of text, no more
  ImU32 accent, good, warn, bad;
  ImU32 on_accent;  // text on an accent surface
};
const Theme& dark_theme();
const Theme& light_theme();

/// The categorical palette belongs to the experts; an expert keeps its colour in every panel. Beyond its size it
/// repeats and a second cue (hatch, number) tells experts apart. `safe` has fewer colours, which stay apart for eyes
/// that see two of the three primary colours (Okabe and Ito, jfly.uni-koeln.de/color); hatches take over sooner.
enum class Palette { full, safe };
inline constexpr int64_t kPaletteSize = 16, kSafePaletteSize = 7;
int64_t palette_size();
ImU32 expert_color(int64_t expert);

enum class Face { body, small, title, mono, display };
inline constexpr size_t kNumFaces = 5;

/// A rectangle that is to be cleared instead of drawn: what an ImGui callback finds in its user data.
struct OpaqueFill {
  float x = 0, y = 0, w = 0, h = 0;
  ImU32 color = 0;
};

/// A key that went down since the last frame, by GLFW's number, with Ctrl or without.
struct KeyPress {
  int key = 0;
  bool ctrl = false;
};

struct Look {
  Theme theme = dark_theme();
  std::array<ImFont*, kNumFaces> fonts{};
  Palette palette = Palette::full;
  float scale = 1;    // pixels per design unit
  int cut_texts = 0;  // texts that had to be cut with an ellipsis since somebody set this to 0
  /// Clears a rectangle of the frame buffer. With a software rasteriser large surfaces cost a quarter of what blended
  /// triangles do. Null: surfaces are drawn like everything else.
  ImDrawCallback clear_rect = nullptr;
  std::deque<OpaqueFill> opaque_fills;  // of this frame; the callbacks point into it
  std::vector<KeyPress> key_presses;    // a key that is let go before the next frame is pressed all the same
  double redraw_in = 1e9;  // seconds until something on screen changes by itself; widgets lower it, the window obeys
};

/// The look in use. Widgets read it as they read ImGui's own context; the window sets it before each frame.
Look& look();
void use(Look& look);

/// Design units to whole pixels.
float px(float units);
ImFont* font(Face face);
inline const Theme& theme() { return look().theme; }
/// The same colour with its opacity multiplied by alpha in [0, 1].
ImU32 fade(ImU32 color, float alpha);
/// Between two colours, t in [0, 1].
ImU32 mix(ImU32 a, ImU32 b, float t);
/// Asks for another frame in so many seconds (a tool-tip that is about to open).
void redraw_in(double secs);

/// Sets ImGui's own colours and sizes from the look, so that what ImGui draws itself (text boxes, scroll bars) fits in.
void apply_to_imgui(const Look& look);

}  // namespace moescope::ui
