// What one training step asks of a GPU: launches, bytes and FLOPs of each kind of kernel, and the time that these alone
// need on a given device. Counted from the configuration; nothing is measured.
#pragma once

#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"

namespace moescope {

/// A device's limits, from its maker's data sheet; dense, without sparsity.
struct DeviceLimits {
  const char* name;
  double bytes_per_sec, float_flops, tf32_flops, bf16_flops;
};
inline constexpr DeviceLimits kA100{"A100 80 GB SXM", 2.039e12, 19.5e12, 156e12, 312e12};
inline constexpr DeviceLimits kH100{"H100 SXM", 3.35e12, 67e12, 494.7e12, 989.4e12};

/// One kind of kernel in a step, all its launches together.
struct RooflineRow {
  std::string kernel;
  double launches = 0;
  double bytes = 0;  // least that must go through memory: each operand read or written once a launch
  double flops = 0;
  bool product = false;  // a matrix product, for the tensor cores
};

/// A training step of `batch` images as the CUDA backend runs it, forward, backward and update. Optional parts of a
/// configuration that hardly count (augmentation, qk_norm, what a head does beyond its product) are left out.
/// The model need not be allocated.
std::vector<RooflineRow> roofline_of_step(const VisionTransformer& model, int64_t batch);

/// The larger of what the bytes and what the FLOPs need, in seconds. Products run in `precision`.
double bound_secs(const RooflineRow& row, const DeviceLimits& device, Precision precision);
/// Whether memory sets it.
bool is_memory_bound(const RooflineRow& row, const DeviceLimits& device, Precision precision);

}  // namespace moescope
