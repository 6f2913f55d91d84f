// Images of the test set by their number: what they are called, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/command.h"

namespace moescope {

/// "test 17"
std::string test_image_name(int64_t index);
/// 17; nothing when no test image is called so.
std::optional<int64_t> test_image_named(std::string_view name);

WatchedImage test_image(int64_t index);
/// The first ones, whose routing a run that nobody watches keeps at each evaluation, so that runs can be compared.
std::vector<WatchedImage> kept_test_images();

}  // namespace moescope
