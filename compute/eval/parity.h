// The GPU program beside the CPU engine on one batch: what each layer passed on, compared.
#pragma once

#include "compute/models/device_model.h"
#include "compute/records/parity.h"

namespace moescope {

/// images (N,H,W,C), N a multiple of the routers' group. `device` holds the model's values. In inference, under
/// `knobs`. `set` and `device` of the result are left to the caller.
Parity compare_layers(DeviceModel& device, VisionTransformer& model, const Tensor& images, const RouterConfig& knobs,
                      Precision precision);

/// How far two tensors of one size stand apart. NaN in either shows.
LayerDeviation deviation_of(std::string layer, const Tensor& got, const Tensor& want, double tolerance);

}  // namespace moescope
