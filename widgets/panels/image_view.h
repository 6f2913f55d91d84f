// An image as a square of big pixels with its grid of patches: where it stands, which patch is under the mouse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widgets/panels/routing_view.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/zoom.h"

namespace moescope::panels {

/// Key of an image's texture: by test index, or by the identity of the pixels that the person brought.
uint64_t image_key(const WatchedImage& image, const ImagePixels& pixels);

/// Screen rectangle of a patch (row-major) of the map over a picture; may lie outside its frame.
ui::Rect patch_rect(const Picture& picture, const RoutingMap& map, int64_t patch);

/// The patches of which something is seen, row-major.
std::vector<int64_t> patches_in_view(const Picture& picture, const RoutingMap& map);

/// The patch under the mouse, -1 when it is elsewhere.
int64_t patch_under_mouse(const Picture& picture, const RoutingMap& map);

void draw_image(const Picture& picture, const ImageView& view, ui::Textures& textures, float alpha = 1);

/// Any texture in place of the image.
void draw_texture(const Picture& picture, ImTextureID texture, float alpha = 1);

/// Thin lines between patches.
void draw_patch_grid(const Picture& picture, const RoutingMap& map);

/// The outline of the patch that is looked at: same place in every picture. Strong when under the mouse.
void outline_patch(const Picture& picture, const RoutingMap& map, int64_t token, bool strong);

/// Patches whose expert changed: an outline, and where there is room an arrow from the old expert's colour to the new
/// one's (hollow: no expert).
void draw_flips(const Picture& picture, const RoutingMap& map, const LayerChange& change);

/// One line of dim text below a picture, with a second text at its right end.
void draw_caption(const Picture& picture, std::string_view text, std::string_view right = {});

/// The image's own caption: its name, and the pixel under the mouse or else its size and zoom.
void draw_caption_of_image(const Picture& picture, const ImageView& view, const Zoom& zoom);

/// "patch (4, 2)", "class token".
std::string patch_name(const RoutingMap& map, int64_t token);

}  // namespace moescope::panels
