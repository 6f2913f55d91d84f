// Rows look like: | soft_basic | moe | what it holds | 1e-5 | 1e-5 |
#include "compute/conform/tolerances.h"

#include <fstream>
#include <vector>

#include "compute/core/error.h"

namespace moescope {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> out;
  for (size_t begin = 1, end; begin < row.size() && (end = row.find('|', begin)) != std::string::npos; begin = end + 1)
    out.push_back(trimmed(row.substr(begin, end - begin)));
  return out;
}

double tolerance(const std::string& text, const std::string& where) {
  if (text == "exact" || text == "–") return 0;
  size_t read = 0;
  double value = 0;
  try {
    value = std::stod(text, &read);
  } catch (const std::exception&) { read = 0; }
  if (read == 0 || read != text.size() || !(value > 0)) throw FormatError(where + ": \"" + text + "\" is no tolerance");
  return value;
}

}  // namespace

std::map<std::string, Tolerance> read_tolerances(const std::string& folder) {
  const std::string path = folder + "/INDEX.md";
  std::ifstream file(path);
  if (!file) throw FormatError(path + ": cannot be opened; the tolerances of golden files stand there");
  std::map<std::string, Tolerance> out;
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> row = line.starts_with("|") ? cells(line) : std::vector<std::string>();
    if (row.size() != 5) {
      in_table = false;
    } else if (row[3] == "out tol") {
      in_table = true;
    } else if (in_table && !row[3].starts_with("---")) {
      out[row[0]] = {tolerance(row[3], path + ", row " + row[0]), tolerance(row[4], path + ", row " + row[0])};
    }
  }
  return out;
}

}  // namespace moescope
