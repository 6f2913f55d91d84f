// Is a store sound? Looks at every page, every reference, every checkpoint's sum and every map's size.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace moescope {

/// What is wrong, one sentence each; empty when nothing is. Reads the whole file: about a second per GB on a warm disk.
/// `progress` hears what is looked at ("checkpoint 3 of 12"). Throws StoreError only when the file cannot be opened at
/// all (missing, foreign, newer); damage is a finding. Runs that a living program records are sound at every moment,
/// too.
std::vector<std::string> check_store(const std::filesystem::path& path,
                                     const std::function<void(const std::string&)>& progress = {});

}  // namespace moescope
