// The two lines at the bottom: device, speed, memory, the job, the store; and the keys that work now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/keys.h"

namespace moescope::panels {

/// Returns the report whose job the person cancelled.
std::optional<int64_t> draw_status_bar(const ui::Rect& area, const Seen& seen, const StoreStatus& store,
                                       const std::vector<ui::KeyHint>& keys);

/// "saved 20 s ago", "not saved yet", "not stored".
std::string saved_text(const StoreStatus& store);

}  // namespace moescope::panels
