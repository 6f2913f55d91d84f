// Rows and columns of whatever a query asked for.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace moescope {

using Cell = std::variant<std::monostate, int64_t, double, std::string>;  // monostate: nothing is there

struct CellTable {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
  bool cut = false;                     // there were more rows than asked for
};

struct NamedTable {
  std::string title;
  CellTable table;
};

}  // namespace moescope
