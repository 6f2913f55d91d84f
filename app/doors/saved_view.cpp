// A small text file, written whole or not at all.
#include "app/doors/saved_view.h"

#include <fstream>
#include <map>
#include <sstream>

#include "compute/records/error.h"
#include "compute/records/output_file.h"

namespace moescope {

namespace {

/// Of these there are many, each a thing of its own.
bool is_filter(const std::string& line) { return line.starts_with("filter "); }

std::string name_of(const std::string& line) { return is_filter(line) ? line : line.substr(0, line.find(' ')); }

std::map<std::string, std::string> lines_by_name(const std::string& text) {
  std::map<std::string, std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines[name_of(line)] = line;
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
  if (saved.empty()) return mine;
  const std::map<std::string, std::string> before = lines_by_name(opened), others = lines_by_name(saved),
                                           own = lines_by_name(mine);
  std::string merged;
  std::istringstream in(mine);
  for (std::string line; std::getline(in, line);) {
    const auto was = before.find(name_of(line)), other = others.find(name_of(line));
    const bool untouched = was != before.end() && was->second == line;
    if (untouched && is_filter(line) && other == others.end()) continue;  // forgotten there
    merged += (untouched && other != others.end() ? other->second : line) + "\n";
  }
  for (const auto& [name, line] : others)
    if (is_filter(line) && !before.contains(name) && !own.contains(name)) merged += line + "\n";  // kept there
  return merged;
}

bool save_view(const std::filesystem::path& store, const std::string& text) {
  try {
    write_file(view_file(store), text);
    return true;
  } catch (const UserError&) { return false; }
}

}  // namespace moescope
