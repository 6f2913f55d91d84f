// A folder that is removed again.
#include "app/tools/scratch_store.h"

#include <unistd.h>

#include "compute/records/error.h"

namespace moescope {

ScratchStore::ScratchStore(const std::string& at) {
  std::string name =
      (at.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(at)) / "moescope_XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw UserError(name + " cannot be made; give another folder with --in");
  folder_ = name;
}

ScratchStore::~ScratchStore() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace moescope
