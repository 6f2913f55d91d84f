// Finds files that travel with the program, from an install and from a build tree alike.
#include "app/assets.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "compute/records/error.h"

namespace moescope {

namespace {

namespace fs = std::filesystem;

fs::path find(const std::string& folder, const char* variable, std::string_view relative) {
  std::vector<fs::path> roots;
  if (const char* chosen = std::getenv(variable); chosen && *chosen) roots.emplace_back(chosen);
  std::error_code ignored;  // without /proc the other places remain
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

}  // namespace moescope
