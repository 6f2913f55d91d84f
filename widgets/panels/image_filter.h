// What the gallery shows: words typed by a person, read as conditions on an image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widgets/panels/sources.h"

namespace moescope::panels {

/// Words joined by spaces, all of which must hold: a part of a class's name or the number of an image; `wrong`, `right`
/// (what the model says); `unusual` (routing unlike its class's); `dropped>0.2`, `dropped<0.1` (share of its patches).
struct ImageFilter {
  std::vector<std::string> words;  // in small letters
  std::optional<bool> wrong;
  bool unusual = false;
  std::optional<double> dropped_above, dropped_below;

  bool needs_verdicts() const { return wrong || unusual || dropped_above || dropped_below; }
  /// verdict: null when the image was not looked at; it then fails every condition that needs one.
  bool passes(int64_t index, const std::string& class_name, const ImageVerdict* verdict, const Mistakes* all) const;
};
ImageFilter parse_image_filter(const std::string& text);

/// The report whose answer says what the model makes of each test image; null: none has an answer yet.
const Report* newest_verdicts(const Seen& seen);

}  // namespace moescope::panels
