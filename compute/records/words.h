// Words of a line that a person or another program wrote, and words for counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope {

/// The parts of `text` between any of the characters in `separators`; empty parts are left out.
std::vector<std::string> words_of(std::string_view text, std::string_view separators = " ");

/// All that stands between commas; an empty part is a value that somebody forgot, and stays.
std::vector<std::string> values_between_commas(std::string_view text);

/// "1 run", "2 runs"; `one` is what one of them is called.
std::string counted(int64_t count, std::string_view one);
/// "run" or "runs", where the number is written otherwise.
std::string plural(int64_t count, std::string_view one);

}  // namespace moescope
