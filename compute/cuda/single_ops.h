// Single ops of a router on host arrays: what conformance looks at alone.
#pragma once

#include "compute/backends/cuda/device_api.h"

namespace moescope::cuda {

/// Both throw DeviceError.
void choose(const device_api::ChoiceAsk& ask);
void auxiliary(const device_api::AuxiliaryAsk& ask);

}  // namespace moescope::cuda
