// A played episode as a file: seed and actions, from which the game can be told again.
#pragma once

#include <filesystem>

#include "compute/records/agent_view.h"

namespace moescope {

/// Writes NAME.json into the folder, which is made when needed, under a name that is not taken. Returns its path.
std::filesystem::path write_episode(const PlayedEpisode& episode, int64_t run_id, const std::filesystem::path& folder);
/// Throws UserError when it is no such file.
PlayedEpisode read_episode(const std::filesystem::path& path);

}  // namespace moescope
