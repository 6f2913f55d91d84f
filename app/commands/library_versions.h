// The versions of the libraries in use, as found at run time.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace moescope {

/// ("oneDNN", "2.6.3"), ("SQLite", "3.40.1"), ...
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace moescope
