// One thread a texel: some thousands at most, of which each reads a number or, for means and entropies, a token's row.
#include "compute/cuda/kernels/map_texels.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

__device__ float mean_of(const float* row, int64_t columns, float factor) {
  float sum = 0;
  for (int64_t i = 0; i < columns; ++i) sum += __fmul_rn(row[i], factor);  // not fused: the host rounds the product too
  return sum / static_cast<float>(columns);
}

__device__ float entropy_of(const float* row, int64_t columns) {
  double sum = 0;
  for (int64_t i = 0; i < columns; ++i) {
    const double p = row[i];
    if (p > 0) sum -= p * log(p);
  }
  return static_cast<float>(sum);
}

__global__ void map_texels(MapTexelsArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.width * a.height) return;
  const Position at = position_of(i, a.width);
  const unsigned tile_row = quotient(at.row, a.grid_height), tile_column = quotient(at.column, a.grid_width);
  const int64_t picture = tile_row * a.across + tile_column;
  if (picture >= a.pictures) {
    a.texels[i] = a.fill;
    return;
  }
  const int64_t patch = (at.row - tile_row * a.grid_height) * a.grid_width + at.column - tile_column * a.grid_width;
  const float* row = a.weights + (a.first_token + patch) * a.columns;
  if (a.value == TexelValue::weight)
    a.texels[i] = row[a.first_column + picture] * a.factor;
  else
    a.texels[i] = a.value == TexelValue::mean ? mean_of(row, a.columns, a.factor) : entropy_of(row, a.columns);
}

}  // namespace

cudaError_t launch_map_texels(const MapTexelsArguments& a, cudaStream_t stream) {
  const int64_t size = a.width * a.height;
  const bool possible = a.columns > 0 && a.grid_width > 0 && a.grid_height > 0 && a.across > 0 &&
                        a.width == a.across * a.grid_width && a.height % a.grid_height == 0 && fits_positions(size);
  if (!possible) return cudaErrorInvalidValue;
  return size == 0 ? cudaSuccess : launch(map_texels, thread_per_element(size), stream, a);
}

}  // namespace moescope::cuda
