// Inference on a GPU, under the knobs of a pass.
#pragma once

#include "compute/models/device_model.h"

namespace moescope {

/// Whether the GPU program can be asked this. It takes no slots away.
bool runs_on_device(const WhatIf& what_if);
/// Whether it changes who does the work beyond what the router's knobs do.
bool intervenes(const WhatIf& what_if);

/// As model.forward(images, pass), whose values `device` holds: logits (N,classes) in the pass's arena. Groups that the
/// end of the data cuts short are routed apart, with the capacity that the CPU gives them. Throws ConfigError for
/// a what_if that does not run on a device. pass.observer sees every layer's routing, where no group is cut short.
/// maps: not null: what heat maps show is kept on the device, and this filled.
Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                       ImageMaps* maps = nullptr);

/// The same in two halves, beside the training steps that begin in between (device_api's kBesideSlot): the values are
/// those of the last step begun before. All images are in whole groups. One at a time for each device.
void begin_inference(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                     bool keep_maps = false);
/// Waits for it. `pass` says the same as at the beginning; its arena and observer are used here alone.
Tensor end_inference(DeviceModel& device, const VisionTransformer& model, int64_t num_images, const Pass& pass,
                     ImageMaps* maps = nullptr);

}  // namespace moescope
