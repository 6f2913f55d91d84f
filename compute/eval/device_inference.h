// Inference on a GPU, under the knobs of a pass.
#pragma once

#include "compute/models/device_model.h"

namespace moescope {

/// As model.forward(images, pass), whose values `device` holds: logits (N,classes) in the pass's arena. Groups that the
/// end of the data cuts short are routed apart, with the capacity that the CPU gives them. Throws ConfigError for
/// interventions, which the GPU program does not make: experts off, kept or replaced, patches forced, fewer slots.
Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass);

}  // namespace moescope
