// The view of a store: where the person was and how the window was laid out, kept beside it and apart from its data.
#pragma once

#include <filesystem>
#include <string>

namespace moescope {

/// "runs.db-view"
std::filesystem::path view_file(const std::filesystem::path& store);
/// "" when there is none.
std::string load_view(const std::filesystem::path& store);
/// What to save when the file may have changed since this window `opened` it: of each line, known by its first word,
/// `mine` where this window changed it, else what another window has `saved` meanwhile. Kept filters, a line each, are
/// those that either window kept, less those that either forgot.
std::string merged_view(const std::string& opened, const std::string& saved, const std::string& mine);
/// Replaces the file as a whole. False when it cannot be written; a store on a read-only medium keeps no view.
bool save_view(const std::filesystem::path& store, const std::string& text);

}  // namespace moescope
