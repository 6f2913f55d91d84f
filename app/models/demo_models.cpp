// Files of weights into runs.
#include "app/models/demo_models.h"

#include <algorithm>

#include "app/models/weights_file.h"
#include "app/options/store_path.h"
#include "assets/assets.h"
#include "sessions/run_reader.h"

namespace moescope {

std::vector<std::filesystem::path> demo_files() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = asset_path("presets").parent_path() / "demos";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string bring_demos(const std::filesystem::path& path) {
  const std::vector<std::filesystem::path> files = demo_files();
  if (files.empty()) return "";
  make_store_folder(path);
  const SessionStore store(path, SessionStore::Access::write);
  int64_t first = 0;
  for (const std::filesystem::path& file : files) {
    const int64_t run_id = import_weights(store, file, "demo " + file.stem().string());
    if (first == 0) first = run_id;
  }
  return std::to_string(first) + "@" + std::to_string(RunReader(store).load_summary(first).step);
}

}  // namespace moescope
