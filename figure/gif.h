// Pictures in a row as an animated GIF, through giflib.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moescope::figure {

/// rgb (height, width, 3).
struct Pixels {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> rgb;
};

/// The file's bytes; it repeats for ever. `frame(i)` must give the same picture each time it is asked for i: once for
/// the palette, once for the file, so that no more than one picture is in memory. All pictures share one palette of at
/// most 256 of their own colours, so that an expert keeps its colour. frame_secs: rounded to hundredths, at least two.
/// Throws UserError when there is no frame, one is of another size, or giflib fails.
std::string as_gif(size_t num_frames, const std::function<Pixels(size_t)>& frame, double frame_secs);

/// giflib's version.
std::string gif_version();

}  // namespace moescope::figure
