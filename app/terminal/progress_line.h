// A run's progress as one line for a terminal, with a bar, or as a plain line for a log.
#pragma once

#include <string>

#include "compute/records/snapshot.h"

namespace moescope {

/// "[=====>    ]  42 %  step 590/1404  epoch 1.26  loss 0.412  test 0.8620  812 images/s  18 s left", cut to `columns`
/// characters. Unknown parts are left out. While something else is going on ("evaluating 62 %") it says so.
std::string progress_bar(const Snapshot& snapshot, int columns);

/// Whether this process has made a step yet: a run that was resumed has no loss to tell before, and one that was at its
/// end has none at all.
bool has_stepped(const Snapshot& snapshot);

/// The same facts without the bar.
std::string progress_text(const Snapshot& snapshot);

}  // namespace moescope
