// A sentence inside a figure's file that says where it came from, in the way in which each format keeps such things.
#pragma once

#include <string>

namespace moescope::figure {

/// As the drawing's <desc>, which viewers show and editors keep.
std::string svg_with_note(std::string svg, const std::string& note);
/// As a tEXt chunk "Comment" behind the header (PNG specification, 11.3.4.3).
std::string png_with_note(std::string png, const std::string& note);

}  // namespace moescope::figure
