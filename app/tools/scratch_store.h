// A session store for a benchmark: in a folder of its own that goes with it.
#pragma once

#include <filesystem>
#include <string>

namespace moescope {

/// Removes the files it made, also when something goes wrong.
class ScratchStore {
 public:
  /// In the given folder; empty: the system's for temporary files. Throws UserError when nothing can be made there.
  explicit ScratchStore(const std::string& at = "");
  ~ScratchStore();
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;
  std::filesystem::path file() const { return folder_ / "runs.db"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace moescope
