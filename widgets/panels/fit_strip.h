// Above the pictures of an own image of another size: what of it the model sees, and the choice between cropping,
// padding and stretching.
#pragma once

#include <vector>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// True when the image is a person's own and not of the size that the model takes.
bool is_refitted(const ImageView& view);

/// Draws it; a click asks the run to watch the image as fitted anew.
void draw_fit_strip(const ui::Rect& area, const Seen& seen, const ImageView& view, Selection& selection,
                    std::vector<Command>& out);

/// The part of an image that a model of `height` x `width` sees, in the image's pixels; pad: larger than the image.
ui::Rect seen_part(const ImagePixels& own, int64_t height, int64_t width, ImageFit fit);

}  // namespace moescope::panels
