// The models that travel with the program (assets/demos, made by recipe demo-models): something to look at before
// anything is trained.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace moescope {

/// In the order in which they are shown; empty: none lie beside the program.
std::vector<std::filesystem::path> demo_files();

/// Makes the store with a run for each of them. Returns the first one's place, "1@4680", as --branch takes it; empty:
/// there are none. Throws UserError when a file is damaged or the store cannot be made.
std::string bring_demos(const std::filesystem::path& store);

}  // namespace moescope
