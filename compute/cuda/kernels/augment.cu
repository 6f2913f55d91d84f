// One thread a number of the batch.
#include "compute/cuda/kernels/augment.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

__global__ void place_images(PlaceImagesArguments a) {
  const int64_t i = element_of_thread(), stride = a.width * a.channels, size = a.height * stride;
  if (i >= a.count * size) return;
  const Position in_batch = position_of(i, size), in_image = position_of(in_batch.column, stride),
                 pixel = position_of(in_image.column, a.channels);
  const int64_t n = in_batch.row, image = a.index ? a.index[n] : n, x = pixel.row, channel = pixel.column;
  const ImagePlacement p = a.placements ? a.placements[n] : ImagePlacement{0, 0, 0};
  const int64_t from_y = in_image.row - static_cast<int64_t>(p.down);
  const int64_t from_x = (p.mirrored != 0 ? a.width - 1 - x : x) - p.right;
  const bool inside = from_y >= 0 && from_y < a.height && from_x >= 0 && from_x < a.width;
  const uint8_t byte = inside ? a.bytes[image * size + from_y * stride + from_x * a.channels + channel] : uint8_t{0};
  a.out[i] = a.table[channel * 256 + byte];
}

__global__ void fill_targets(FillTargetsArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.count * a.classes) return;
  const Position p = position_of(i, a.classes);
  const int32_t label = a.labels[a.index ? a.index[p.row] : static_cast<int32_t>(p.row)];
  a.targets[i] = label == static_cast<int32_t>(p.column) ? a.on : a.off;
}

__global__ void mix_rows(MixRowsArguments a) {
  const int64_t i = element_of_thread(), size = a.rows * a.columns;
  if (i >= size) return;
  const int64_t successor = i + a.columns < size ? i + a.columns : i + a.columns - size;
  a.y[i] = __fmul_rn(a.weights[0], a.x[i]) + __fmul_rn(a.weights[1], a.x[successor]);
}

}  // namespace

cudaError_t launch_place_images(const PlaceImagesArguments& a, cudaStream_t stream) {
  const int64_t size = a.count * a.height * a.width * a.channels;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(place_images, thread_per_element(size), stream, a);
}

cudaError_t launch_fill_targets(const FillTargetsArguments& a, cudaStream_t stream) {
  if (a.count * a.classes == 0) return cudaSuccess;
  if (!fits_positions(a.count * a.classes)) return cudaErrorInvalidValue;
  return launch(fill_targets, thread_per_element(a.count * a.classes), stream, a);
}

cudaError_t launch_mix_rows(const MixRowsArguments& a, cudaStream_t stream) {
  return a.rows * a.columns == 0 ? cudaSuccess : launch(mix_rows, thread_per_element(a.rows * a.columns), stream, a);
}

}  // namespace moescope::cuda
