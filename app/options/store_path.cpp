// The place of the session store, by the XDG base directory rules.
#include "app/options/store_path.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "compute/records/error.h"
#include "compute/records/output_file.h"

namespace moescope {

std::filesystem::path store_path(const std::string& asked) {
  if (!asked.empty()) return asked;
  const std::filesystem::path inside = "moescope/sessions.db";
  // The XDG rules ask to ignore a relative path.
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data == '/') return data / inside;
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".local/share" / inside;
  throw UserError("neither XDG_DATA_HOME nor HOME says where the session store should be; name it with --store FILE");
}

void add_store_option(CLI::App& command, std::string& store) {
  command.add_option("--store", store, "the session store (default: ~/.local/share/moescope/sessions.db)")
      ->type_name("FILE");
}

void make_store_folder(const std::filesystem::path& store) {
  make_folder(store.parent_path(), "name another store with --store FILE");
}

SessionStore open_store_for_reading(const std::string& asked) {
  const std::filesystem::path path = store_path(asked);
  if (!std::filesystem::exists(path)) {
    throw UserError("there is no session store at " + path.string() +
                    "; `moescope train` makes one, or name another with --store FILE");
  }
  return SessionStore(path, SessionStore::Access::read);
}

}  // namespace moescope
