// Where the patches of one image went over a run, picture by picture: as a GIF or a folder of PNG files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "figure/scene.h"
#include "sessions/run_reader.h"

namespace moescope {

struct MovieRequest {
  std::string run;     // as find_run takes it
  int64_t image = -1;  // of the test set; -1: the first whose routing was stored
  int64_t layer = -1;  // block; -1: the first with experts
  int64_t first_step = 0, last_step = std::numeric_limits<int64_t>::max();
  bool checkpoints = false;          // look through the stored checkpoints: any test image. Otherwise the stored maps
  double width = 420, height = 260;  // points
};

struct MovieFrame {
  int64_t step = 0;
  figure::Scene scene;
};

/// By step, one a map or checkpoint. Throws UserError: no such run, nothing stored of that image, block or span, and
/// what the data set says.
std::vector<MovieFrame> movie_frames(const RunReader& reader, const MovieRequest& request);

/// To a file that ends in .gif, or into a folder, made when missing, as step-00000400.png. Returns what was written.
/// Throws UserError when it cannot be written.
std::vector<std::filesystem::path> write_movie(const std::vector<MovieFrame>& frames, const std::filesystem::path& to,
                                               double frame_secs, double pixels_per_point);

}  // namespace moescope
