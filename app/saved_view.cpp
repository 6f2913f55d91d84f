// A small text file, written beside its place and then moved there.
#include "app/saved_view.h"

#include <fstream>
#include <sstream>

namespace moescope {

std::filesystem::path view_file(const std::filesystem::path& store) { return store.string() + "-view"; }

std::string load_view(const std::filesystem::path& store) {
  const std::ifstream file(view_file(store));
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

bool save_view(const std::filesystem::path& store, const std::string& text) {
  const std::filesystem::path file = view_file(store), fresh = file.string() + ".new";
  std::ofstream out(fresh);
  out << text;
  out.close();
  if (!out) return false;
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  return !error;
}

}  // namespace moescope
