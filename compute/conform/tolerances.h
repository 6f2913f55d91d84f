// The tolerances of a folder of golden files, read from the table of its INDEX.md.
#pragma once

#include <map>
#include <string>

namespace moescope {

struct Tolerance {
  double output = 0, gradient = 0;  // 0: exact, or nothing of the kind
};

/// By file name without ending. Throws FormatError when there is no INDEX.md or a row's tolerance is no number.
std::map<std::string, Tolerance> read_tolerances(const std::string& folder);

}  // namespace moescope
