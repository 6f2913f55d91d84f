// What a command does once its flags have been read.
#pragma once

#include <functional>

namespace moescope {

/// What the person asked for, set while the flags are parsed and called afterwards; returns the exit status.
using Action = std::function<int()>;

}  // namespace moescope
