// Finds files that travel with the program, from an install and from a build tree alike.
#include "assets/assets.h"

#include <fstream>

#include <cstdlib>
#include <string>
#include <vector>

#include "compute/records/error.h"

namespace moescope {

namespace {

namespace fs = std::filesystem;

fs::path find(const std::string& folder, const char* variable, std::string_view relative) {
  std::vector<fs::path> roots;
  std::error_code ignored;  // without /proc the other places remain
  if (const char* chosen = std::getenv(variable); chosen && *chosen) {
    if (!fs::is_directory(chosen, ignored))
      throw UserError(std::string(variable) + " names " + chosen + ", which is no folder; unset it or mend it");
    roots.emplace_back(chosen);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) roots.push_back(program.parent_path().parent_path() / "share/moescope" / folder);
  roots.push_back(fs::path(MOESCOPE_SOURCE_DIR) / folder);

  std::string places;
  for (const fs::path& root : roots) {
    if (fs::exists(root / relative, ignored)) return root / relative;
    places += (places.empty() ? "" : ", ") + root.string();
  }
  throw UserError(folder + "/" + std::string(relative) + " is missing (looked in " + places + "); set " + variable +
                  " to the folder that holds it");
}

}  // namespace

fs::path asset_path(std::string_view relative) { return find("assets", "MOESCOPE_ASSETS", relative); }

fs::path shader_path(std::string_view relative) { return find("shaders", "MOESCOPE_SHADERS", relative); }

figure::ColorMap load_color_map() {
  const std::filesystem::path path = asset_path("colormaps/magma.txt");
  std::ifstream file(path);
  std::string about;
  std::getline(file, about);
  figure::ColorMap map;
  for (auto& color : map.colors) {
    for (uint8_t& part : color) {
      int value = -1;
      file >> value;
      if (value < 0 || value > 255) throw UserError(path.string() + " is damaged; install moescope again");
      part = static_cast<uint8_t>(value);
    }
  }
  return map;
}

}  // namespace moescope
