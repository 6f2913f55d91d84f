// One thread a number of a patch row; the image's and the row's lines are both contiguous in (kw, C).
#include "compute/cuda/kernels/patches.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

/// Where element i of the rows stands in the images.
template <class Arguments>
__device__ int64_t place_in_images(const Arguments& a, int64_t i) {
  const auto line = static_cast<unsigned>(a.patch * a.channels), patch = static_cast<unsigned>(a.patch),
             across = static_cast<unsigned>(a.width / a.patch);
  const auto at = static_cast<unsigned>(i);
  const unsigned within = at % line, y = at / line % patch, box = at / line / patch;  // patches count across all images
  const int64_t strip = box / across, x = box % across;
  return (strip * a.patch + y) * a.width * a.channels + x * line + within;
}

__global__ void extract(PatchesArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.count * a.height * a.width * a.channels) return;
  const float value = a.images[place_in_images(a, i)];
  if (a.rows) a.rows[i] = value;
  if (a.rows_bf16) a.rows_bf16[i] = to_bf16_bits(value);
}

__global__ void put_back(PatchesBackwardArguments a) {
  const int64_t i = element_of_thread();
  if (i < a.count * a.height * a.width * a.channels) a.dimages[place_in_images(a, i)] = a.drows[i];
}

template <class Arguments>
bool is_possible(const Arguments& a) {
  return a.patch > 0 && a.height % a.patch == 0 && a.width % a.patch == 0 &&
         fits_positions(a.count * a.height * a.width * a.channels);
}

}  // namespace

cudaError_t launch_patches(const PatchesArguments& a, cudaStream_t stream) {
  if (!is_possible(a)) return cudaErrorInvalidValue;
  const int64_t size = a.count * a.height * a.width * a.channels;
  return size == 0 ? cudaSuccess : launch(extract, thread_per_element(size), stream, a);
}

cudaError_t launch_patches_backward(const PatchesBackwardArguments& a, cudaStream_t stream) {
  if (!is_possible(a)) return cudaErrorInvalidValue;
  const int64_t size = a.count * a.height * a.width * a.channels;
  return size == 0 ? cudaSuccess : launch(put_back, thread_per_element(size), stream, a);
}

}  // namespace moescope::cuda
