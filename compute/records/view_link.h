// What the person looks at as one copyable line:
// moescope://run/3?step=400&image=test:12&layer=5&expert=2&patch=17&page=explore
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moescope {

constexpr std::string_view kLinkScheme = "moescope://";

/// Everything but the run may be left open: -1, or an empty page.
struct ViewLink {
  std::string run = {};  // its number, its name, or "latest"; empty: whichever is open
  int64_t step = -1;     // updates done
  int64_t image = -1;    // of the test set
  int64_t layer = -1;    // block
  int64_t expert = -1;
  int64_t slot = -1;      // Soft MoE, over all experts
  int64_t patch = -1;     // row-major in the grid
  int64_t stretch = -1;   // colours of a soft map: 0 from zero, 1 over the map's own range
  std::string page = {};  // "explore", "compare"

  bool operator==(const ViewLink&) const = default;
};

inline bool is_link(std::string_view text) { return text.starts_with(kLinkScheme); }

/// Names are escaped as in an URL.
std::string to_text(const ViewLink& link);
/// Throws ConfigError: no link, a field that is none (with the nearest name), a value that is no number.
ViewLink link_from_text(std::string_view text);

}  // namespace moescope
