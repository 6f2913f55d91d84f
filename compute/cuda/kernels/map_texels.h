// The texels of a heat map out of routing weights, on a GPU. Twin of widgets/panels' dispatch_times, combine_times,
// token_weight_times and combine_entropy, in whose order and rounding it adds up.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

enum class TexelValue : int32_t { weight, mean, entropy };

/// texels (height, width): pictures of grid_height x grid_width patches side by side, `across` in a row. Picture i
/// shows of each token its weight in column first_column + i times factor, the mean of all its weights times factor, or
/// their entropy in nats (natural logarithm; what is not above 0 counts nothing); after the last picture `fill`.
struct MapTexelsArguments {
  const float* weights;  // (tokens, columns); patch 0 is token first_token
  float* texels;
  int64_t first_token, columns;
  int64_t width, height, grid_width, grid_height;
  int64_t first_column, pictures, across;
  TexelValue value;
  float factor, fill;
};
cudaError_t launch_map_texels(const MapTexelsArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
