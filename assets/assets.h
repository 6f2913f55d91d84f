// Where the files that travel with the program are: presets, colour maps, shaders.
#pragma once

#include <filesystem>
#include <string_view>

#include "figure/palette.h"

namespace moescope {

/// The path of a file below assets/, for example asset_path("presets/default.json"). Looked for in this order: the
/// folder that MOESCOPE_ASSETS names, share/moescope/assets beside the program's own folder (an install), the source
/// tree it was built from. Throws UserError naming the places when none of them has it.
std::filesystem::path asset_path(std::string_view relative);

/// The same for a file below shaders/ (MOESCOPE_SHADERS, share/moescope/shaders, the source tree).
std::filesystem::path shader_path(std::string_view relative);

/// The program's colour map, assets/colormaps/magma.txt.
figure::ColorMap load_color_map();

}  // namespace moescope
