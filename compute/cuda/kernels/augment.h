// From the bytes of a data set to a batch of floats, on a GPU: moved, mirrored, scaled, mixed. Twin of
// compute/data/augment; NUMERICS 4.6.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// As compute/data's Placement: moved by (down,right), then mirrored.
struct ImagePlacement {
  int32_t down, right, mirrored;
};

/// out[n] (height,width,channels) = image index[n] of `bytes` (any number of images), placed; what moves in from
/// outside is black. table (channels,256): the float of each byte, Normalizer's. index null: image n. placements
/// (count) or null.
struct PlaceImagesArguments {
  const uint8_t* bytes;
  const int32_t* index;
  const ImagePlacement* placements;
  const float* table;
  float* out;
  int64_t count, height, width, channels;
};
cudaError_t launch_place_images(const PlaceImagesArguments& a, cudaStream_t stream);

/// targets (count,classes), overwritten: on at the label, off elsewhere; on = 1 - s + s/classes, off = s/classes.
/// index null: label n.
struct FillTargetsArguments {
  const int32_t *labels, *index;
  float* targets;
  int64_t count, classes;
  float on, off;
};
cudaError_t launch_fill_targets(const FillTargetsArguments& a, cudaStream_t stream);

/// y[i] = w * x[i] + u * x[i+1], the last row taking the first, each product rounded as the CPU does. x, y
/// (rows,columns), y is not x. weights: w and u, in device memory.
struct MixRowsArguments {
  const float *x, *weights;
  float* y;
  int64_t rows, columns;
};
cudaError_t launch_mix_rows(const MixRowsArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
