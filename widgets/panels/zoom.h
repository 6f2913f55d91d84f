// Which part of an image is seen, and at what scale: one value for all pictures of it, so that they stay locked
// together.
#pragma once

#include <string>

#include "compute/records/command.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// `times` 1 fits the whole image into its frame; centre is the image point in the middle of the frame, as shares of
/// the image's sides.
struct Zoom {
  float times = 1, center_x = 0.5f, center_y = 0.5f;
  bool dragging = false;  // the hand holds the picture
  bool is_fitted() const { return times <= 1; }
};

/// A picture on the screen: what is seen of it, and where the whole of it lies (beyond the frame when zoomed).
struct Picture {
  ui::Rect frame, content;
};

/// The largest picture of the image within the area, left top: a whole number of screen pixels a pixel where it fits.
ui::Rect fit_image(const ui::Rect& area, const ImagePixels& pixels);

/// The picture in a frame that fit_image gave. Zoomed, a pixel keeps a whole number of screen pixels.
Picture zoomed(const ui::Rect& frame, const ImagePixels& pixels, const Zoom& zoom);

/// The wheel zooms about the point under the mouse, from the whole image to 96 screen pixels a pixel; a drag moves a
/// zoomed image. Call once for each picture and frame.
void take_mouse(const Picture& picture, const ImagePixels& pixels, Zoom& zoom);

/// True in the frame in which the mouse was clicked on the picture: let go without having dragged it.
bool clicked(const Picture& picture);

/// The image's pixel under the mouse; row -1 when the mouse is elsewhere.
struct PixelPlace {
  int64_t row = -1, column = -1;
};
PixelPlace pixel_under_mouse(const Picture& picture, const ImagePixels& pixels);
/// "(12, 7) 203", "(12, 7) 203 190 12": row, column, value of each channel.
std::string pixel_text(const ImagePixels& pixels, PixelPlace place);

}  // namespace moescope::panels
