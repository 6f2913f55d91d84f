// From a scene to shapes: where panels, axes, marks, legends and captions lie. Knows no library that draws.
#pragma once

#include "figure/painter.h"
#include "figure/palette.h"
#include "figure/scene.h"

namespace moescope::figure {

/// Draws the scene into a box of scene.width by scene.height whose left top is 0, 0. Series of different length in one
/// mark are a defect: std::logic_error.
void draw_scene(const Scene& scene, const ColorMap& colors, Painter& painter);

}  // namespace moescope::figure
