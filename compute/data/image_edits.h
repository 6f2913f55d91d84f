// Edits of an image under the cursor: a patch occluded, noise, a shift, a painted spot.
#pragma once

#include "compute/records/what_if.h"

namespace moescope {

/// The pixels after the edits, in their order. `patch` (side in pixels) and grid_width say where patch numbers lie;
/// what falls outside the image does nothing. Noise is a function of its seed, and values stay within 0..255.
ImagePixels edited(ImagePixels pixels, const std::vector<ImageEdit>& edits, int64_t patch, int64_t grid_width);

}  // namespace moescope
