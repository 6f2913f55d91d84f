// Sums of bytes and of their squares are exact in 64 bits, so the result does not depend on any order.
#include "compute/data/pixel_statistics.h"

#include <algorithm>
#include <cmath>

namespace moescope {

void measure_pixels(const Dataset& dataset, std::vector<float>& mean, std::vector<float>& std, int64_t num_images) {
  const DatasetInfo& info = dataset.info();
  const auto channels = static_cast<size_t>(info.channels);
  std::vector<uint64_t> sum(channels), square(channels);
  std::vector<uint8_t> scratch;
  const int64_t sampled = std::min(num_images, info.num_train);
  for (int64_t n = 0; n < sampled; ++n) {
    const uint8_t* pixels = dataset.pixels(Split::train, n * info.num_train / sampled, scratch);
    for (int64_t p = 0; p < info.pixels_per_image(); ++p) {
      for (size_t c = 0; c < channels; ++c, ++pixels) {
        sum[c] += *pixels;
        square[c] += uint64_t{*pixels} * *pixels;
      }
    }
  }
  const double count = static_cast<double>(std::max<int64_t>(1, sampled * info.pixels_per_image()));
  mean.resize(channels);
  std.resize(channels);
  for (size_t c = 0; c < channels; ++c) {
    const double m = static_cast<double>(sum[c]) / count, variance = static_cast<double>(square[c]) / count - m * m;
    mean[c] = static_cast<float>(m / 255);
    std[c] = variance > 0 ? static_cast<float>(std::sqrt(variance) / 255) : 1.0f;
  }
}

}  // namespace moescope
