// An image as a square of big pixels with its grid of patches: where it stands, which patch is under the mouse.
#pragma once

#include "widgets/panels/routing_view.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Key of an image's texture: by test index, or by the identity of the pixels that the person brought.
uint64_t image_key(const WatchedImage& image, const ImagePixels& pixels);

/// The largest picture of the image within the area, left top: a whole number of screen pixels a pixel where it fits.
ui::Rect fit_image(const ui::Rect& area, const ImagePixels& pixels);

/// Screen rectangle of a patch (row-major) of the map over a picture.
ui::Rect patch_rect(const ui::Rect& picture, const RoutingMap& map, int64_t patch);

/// The patch under the mouse, -1 when it is elsewhere.
int64_t patch_under_mouse(const ui::Rect& picture, const RoutingMap& map);

void draw_image(const ui::Rect& picture, const ImageView& view, ui::Textures& textures, float alpha = 1);

/// Thin lines between patches.
void draw_patch_grid(const ui::Rect& picture, const RoutingMap& map);

/// The outline of the patch that is looked at: same place in every picture. Strong when under the mouse.
void outline_patch(const ui::Rect& picture, const RoutingMap& map, int64_t token, bool strong);

}  // namespace moescope::panels
