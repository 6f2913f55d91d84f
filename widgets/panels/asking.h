// What the person asks of the model beyond how it is: lasting changes, and what a held key adds while it is down.
#pragma once

#include <algorithm>
#include <optional>

#include "compute/records/what_if.h"

namespace moescope::panels {

/// What a click on the image does to it.
enum class Brush { none, occlude, paint };

struct Asking {
  WhatIf lasting;                     // until it is reset
  std::optional<ExpertOff> held_off;  // X: the pointed expert, for as long as the key is down
  std::optional<int64_t> held_patch;  // Z: the patch under the cursor, occluded for as long as the key is down
  bool reference = false;             // Shift: show the model as it is meanwhile
  Brush brush = Brush::none;

  /// Everything together, as it is to be asked now.
  WhatIf now() const {
    WhatIf all = lasting;
    if (held_off) all.off.push_back(*held_off);
    if (held_patch) all.edits.emplace_back(OccludePatch{*held_patch, 0});
    return all;
  }
};

inline bool is_off(const WhatIf& what_if, int64_t layer, int64_t expert) {
  return std::find(what_if.off.begin(), what_if.off.end(), ExpertOff{layer, expert}) != what_if.off.end();
}
inline void set_off(WhatIf& what_if, int64_t layer, int64_t expert, bool off) {
  std::erase(what_if.off, ExpertOff{layer, expert});
  if (off) what_if.off.push_back({layer, expert});
}

}  // namespace moescope::panels
