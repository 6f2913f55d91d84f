// A small text file, written beside its place and then moved there.
#include "app/doors/saved_view.h"

#include <fstream>
#include <map>
#include <sstream>

namespace moescope {

namespace {

/// Line by its first word.
std::map<std::string, std::string> lines_of(const std::string& text) {
  std::map<std::string, std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines[line.substr(0, line.find(' '))] = line;
  return lines;
}

}  // namespace

std::filesystem::path view_file(const std::filesystem::path& store) { return store.string() + "-view"; }

std::string load_view(const std::filesystem::path& store) {
  const std::ifstream file(view_file(store));
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

std::string merged_view(const std::string& opened, const std::string& saved, const std::string& mine) {
  const std::map<std::string, std::string> before = lines_of(opened), others = lines_of(saved);
  std::string merged;
  std::istringstream in(mine);
  for (std::string line; std::getline(in, line);) {
    const std::string name = line.substr(0, line.find(' '));
    const auto was = before.find(name), other = others.find(name);
    const bool untouched = was != before.end() && was->second == line && other != others.end();
    merged += (untouched ? other->second : line) + "\n";
  }
  return merged;
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
