// Where the session store is, the flag that says so, and the way in for commands that only read.
#pragma once

#include <filesystem>
#include <string>

#include "sessions/session_store.h"

namespace CLI {
class App;
}

namespace moescope {

/// `asked` when it is not empty; else $XDG_DATA_HOME/moescope/sessions.db, else ~/.local/share/moescope/sessions.db.
/// Throws UserError when no home is known.
std::filesystem::path store_path(const std::string& asked);

/// Adds --store FILE. `store` must outlive the parsing.
void add_store_option(CLI::App& command, std::string& store);

/// Makes the folder of a store that is to be written. Throws UserError when it cannot be made.
void make_store_folder(const std::filesystem::path& store);

/// Opens the store at store_path(asked), beside a program that writes to it if need be. Throws UserError when there is
/// none yet.
SessionStore open_store_for_reading(const std::string& asked);

}  // namespace moescope
