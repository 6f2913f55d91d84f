// The .sql files of this folder as they were when the program was built, so that no file is needed at run time.
#pragma once

#include <span>
#include <string_view>

namespace moescope {

struct EmbeddedText {
  std::string_view path;  // "sessions/schema/001_tables.sql"
  std::string_view text;
};

/// Every schema step and query, in the order of their paths.
std::span<const EmbeddedText> embedded_sql();

/// The text of sessions/queries/NAME.sql. A missing name is a defect of the program: std::logic_error.
std::string_view query(std::string_view name);

}  // namespace moescope
