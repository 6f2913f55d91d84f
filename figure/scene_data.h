// What a figure shows as tables that other programs read, and as one text that says all of it.
#pragma once

#include <string>

#include "figure/scene.h"

namespace moescope::figure {

/// Every panel, mark and number as JSON; NaN and infinities are "NaN", "Infinity", "-Infinity", numbers the shortest
/// text that reads back as the same bits. Two scenes have one text exactly when they are equal: what a rebuilt figure
/// is checked by. Images' pixels are there in base 16. A note, in each of the three: where the file came from.
std::string scene_json(const Scene& scene, const std::string& note = {});

/// One long table: panel, mark, name, x, y, low, high; nan, inf and -inf as pandas reads them. Heat maps have a row a
/// cell, ridges a row a bin, image grids a row a patch (y: the expert). The note is a row of the mark
/// "note", so that the file stays a table for every reader.
std::string scene_csv(const Scene& scene, const std::string& note = {});

/// A LaTeX document that draws lines, bands, points, bars and heat maps by pgfplots, for figures in a paper's own type.
/// Ridges and image grids have no counterpart there and are left to the PDF; a comment says so.
std::string scene_pgfplots(const Scene& scene, const std::string& note = {});

}  // namespace moescope::figure
