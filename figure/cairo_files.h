// A scene as a file, through Cairo: SVG and PDF as vectors, PNG as pixels. Needs no window and no graphics card.
#pragma once

#include <string>

#include "figure/draw.h"
#include "figure/gif.h"

namespace moescope::figure {

/// The file's bytes. pixels_per_point: 1..8, for PNG; 2 is 144 dots an inch. Throws UserError when Cairo fails, which
/// for files in memory it does only without memory.
/// note: kept inside the file, not drawn (file_note.h); in a PDF as its subject.
std::string as_svg(const Scene& scene, const ColorMap& colors, const std::string& note = {});
std::string as_pdf(const Scene& scene, const ColorMap& colors, const std::string& note = {});
std::string as_png(const Scene& scene, const ColorMap& colors, double pixels_per_point = 2,
                   const std::string& note = {});

/// The same pixels as as_png's, for a movie.
Pixels as_pixels(const Scene& scene, const ColorMap& colors, double pixels_per_point = 1);

/// Cairo's version.
std::string cairo_version();

}  // namespace moescope::figure
