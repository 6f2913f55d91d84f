// How far a GPU's numbers stand from the CPU's, layer by layer, for one batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

/// Of what one layer passed on.
struct LayerDeviation {
  std::string layer;        // "embedding", "block1.attn", "block1.moe", "norm", "head"
  double max_abs = 0;       // max|a - b|; NaN when a number is none
  double relative_rms = 0;  // rms(a - b) / rms(b)
  bool beyond = false;      // relative_rms above the tolerance, or no number
};

struct Parity {
  std::string device;  // "CUDA NVIDIA H100 ..."
  std::string set;     // "test images 0 to 31"
  int64_t num_images = 0;
  double tolerance = 0;                // of relative_rms
  std::vector<LayerDeviation> layers;  // in the order of the forward pass
  int64_t other_answers = 0;           // images whose predicted class differs

  /// The first layer beyond the tolerance: where a fault would have begun. -1: none.
  int64_t first_beyond() const {
    for (size_t i = 0; i < layers.size(); ++i)
      if (layers[i].beyond) return static_cast<int64_t>(i);
    return -1;
  }
};

/// "every layer within 1e-04, the same answers", or the first layer beyond it.
std::string verdict(const Parity& parity);
/// "within 1e-04" or "block1.moe beyond 1e-04".
std::string verdict_in_short(const Parity& parity);

}  // namespace moescope
