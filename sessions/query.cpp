// Finding an embedded query by its name.
#include <stdexcept>
#include <string>

#include "sessions/embedded_sql.h"

namespace moescope {

std::string_view query(std::string_view name) {
  const std::string path = "sessions/queries/" + std::string(name) + ".sql";
  for (const EmbeddedText& text : embedded_sql()) {
    if (text.path == path) return text.text;
  }
  throw std::logic_error("no such query: " + path);
}

}  // namespace moescope
