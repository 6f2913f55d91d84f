// Where the session store is, and the flag that says so.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

namespace moescope {

/// `asked` when it is not empty; else $XDG_DATA_HOME/moescope/sessions.db, else ~/.local/share/moescope/sessions.db.
/// Throws UserError when no home is known.
std::filesystem::path store_path(const std::string& asked);

/// Adds --store FILE. `store` must outlive the parsing.
void add_store_option(CLI::App& command, std::string& store);

}  // namespace moescope
