// Lines and bands of any length: cut into pieces, because one ImGui primitive must stay below 65,536 vertices.
#pragma once

#include <imgui.h>

#include <span>

namespace moescope::plots {

/// Joined lines. Debian's ImGui 1.86 has 16-bit indices: one AddPolyline beyond 16,384 points of fractional width wraps
/// without a word, so pieces of 4,096 points that share their end point are drawn.
void draw_polyline(ImDrawList& list, std::span<const ImVec2> points, ImU32 color, float width);

/// The area between two lines with the same x.
void draw_band(ImDrawList& list, std::span<const ImVec2> upper, std::span<const ImVec2> lower, ImU32 color);

}  // namespace moescope::plots
