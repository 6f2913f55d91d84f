// Inference on a GPU, under the knobs of a pass.
#pragma once

#include "compute/models/device_model.h"

namespace moescope {

/// Whether it changes who does the work beyond what the router's knobs do.
bool intervenes(const WhatIf& what_if);

/// As model.forward(images, pass), whose values `device` holds: logits (N,classes) in the pass's arena. pass.observer
/// sees every layer's routing, with Routing::scored when `scored` says so.
/// maps: not null: what heat maps show is kept on the device, and this filled.
Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                       ImageMaps* maps = nullptr, bool scored = false);

/// The same in two halves, beside the training steps that begin in between (device_api's kBesideSlot): the values are
/// those of the last step begun before. One at a time for each device.
void begin_inference(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                     bool keep_maps = false);
/// Waits for it. `pass` says the same as at the beginning; its arena and observer are used here alone.
Tensor end_inference(DeviceModel& device, const VisionTransformer& model, int64_t num_images, const Pass& pass,
                     ImageMaps* maps = nullptr);

}  // namespace moescope
