// Two passes, columns then rows, each with weights computed once.
#include "compute/data/resize.h"

#include <algorithm>
#include <cmath>

#include "compute/core/error.h"

namespace moescope {
namespace {

/// For each output position: where its source pixels begin, and their weights, which sum to 1.
struct Filter {
  int64_t taps = 0;
  std::vector<int64_t> first;  // (out)
  std::vector<float> weight;   // (out, taps)
};

Filter make_filter(int64_t in, int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out), reach = std::max(1.0, scale);
  Filter filter;
  filter.taps = std::min(in, static_cast<int64_t>(std::ceil(2 * reach)) + 1);
  for (int64_t o = 0; o < out; ++o) {
    const double centre = (static_cast<double>(o) + 0.5) * scale - 0.5;
    const auto lowest = static_cast<int64_t>(std::ceil(centre - reach));
    const int64_t first = std::clamp<int64_t>(lowest, 0, in - filter.taps);
    filter.first.push_back(first);
    double sum = 0;
    std::vector<double> weights(static_cast<size_t>(filter.taps));
    for (int64_t t = 0; t < filter.taps; ++t) {
      const double distance = std::abs(static_cast<double>(first + t) - centre) / reach;
      sum += weights[static_cast<size_t>(t)] = std::max(0.0, 1 - distance);
    }
    for (double w : weights) filter.weight.push_back(static_cast<float>(w / sum));
  }
  return filter;
}

void check_positive(const ImagePixels& image, int64_t height, int64_t width) {
  check_shape(image.height > 0 && image.width > 0 && image.channels > 0 && height > 0 && width > 0 &&
                  static_cast<int64_t>(image.values.size()) == image.height * image.width * image.channels,
              [&] {
                return "resize: image (" + std::to_string(image.height) + "," + std::to_string(image.width) + "," +
                       std::to_string(image.channels) + ") to " + std::to_string(height) + "x" + std::to_string(width) +
                       ": extents must be positive and match the " + std::to_string(image.values.size()) + " bytes";
              });
}

uint8_t to_byte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

}  // namespace

ImagePixels resize(const ImagePixels& image, int64_t height, int64_t width) {
  check_positive(image, height, width);
  if (height == image.height && width == image.width) return image;
  const int64_t channels = image.channels;
  const Filter across = make_filter(image.width, width), down = make_filter(image.height, height);
  std::vector<float> narrow(static_cast<size_t>(image.height * width * channels));  // width done, height not yet
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const float* weight = &across.weight[static_cast<size_t>(x * across.taps)];
      const uint8_t* in =
          &image.values[static_cast<size_t>((y * image.width + across.first[static_cast<size_t>(x)]) * channels)];
      float* out = &narrow[static_cast<size_t>((y * width + x) * channels)];
      for (int64_t t = 0; t < across.taps; ++t) {
        for (int64_t c = 0; c < channels; ++c) out[c] += weight[t] * static_cast<float>(in[t * channels + c]);
      }
    }
  }
  ImagePixels out{height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels))};
  const int64_t stride = width * channels;
  std::vector<float> row(static_cast<size_t>(stride));
  for (int64_t y = 0; y < height; ++y) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (int64_t t = 0; t < down.taps; ++t) {
      const float weight = down.weight[static_cast<size_t>(y * down.taps + t)];
      const float* in = &narrow[static_cast<size_t>((down.first[static_cast<size_t>(y)] + t) * stride)];
      for (int64_t j = 0; j < stride; ++j) row[static_cast<size_t>(j)] += weight * in[j];
    }
    std::transform(row.begin(), row.end(), out.values.begin() + y * stride, to_byte);
  }
  return out;
}

ImagePixels to_channels(const ImagePixels& image, int64_t channels) {
  if (channels == image.channels) return image;
  check_shape((image.channels == 1 && channels == 3) || (image.channels == 3 && channels == 1), [&] {
    return "to_channels: from " + std::to_string(image.channels) + " to " + std::to_string(channels) +
           ": only grey (1) and colour (3) are known";
  });
  ImagePixels out{image.height, image.width, channels, {}};
  out.values.reserve(static_cast<size_t>(image.height * image.width * channels));
  for (size_t i = 0; i < image.values.size(); i += static_cast<size_t>(image.channels)) {
    const uint8_t* in = &image.values[i];
    if (channels == 3) {
      out.values.insert(out.values.end(), 3, in[0]);
    } else {
      out.values.push_back(static_cast<uint8_t>((299 * in[0] + 587 * in[1] + 114 * in[2] + 500) / 1000));
    }
  }
  return out;
}

namespace {

ImagePixels cropped(const ImagePixels& image, int64_t height, int64_t width) {
  const double scale = std::max(static_cast<double>(height) / static_cast<double>(image.height),
                                static_cast<double>(width) / static_cast<double>(image.width));
  const int64_t scaled_height = std::max<int64_t>(height, std::llround(static_cast<double>(image.height) * scale));
  const int64_t scaled_width = std::max<int64_t>(width, std::llround(static_cast<double>(image.width) * scale));
  // The part that will be seen is cut out first, in source pixels, so that a very long image costs no more than it
  // shows.
  const int64_t cut_height = std::min(image.height, std::max<int64_t>(1, image.height * height / scaled_height));
  const int64_t cut_width = std::min(image.width, std::max<int64_t>(1, image.width * width / scaled_width));
  const int64_t top = (image.height - cut_height) / 2, left = (image.width - cut_width) / 2;
  ImagePixels cut{cut_height, cut_width, image.channels, {}};
  for (int64_t y = 0; y < cut_height; ++y) {
    const auto begin = image.values.begin() + ((top + y) * image.width + left) * image.channels;
    cut.values.insert(cut.values.end(), begin, begin + cut_width * image.channels);
  }
  return resize(cut, height, width);
}

ImagePixels padded(const ImagePixels& image, int64_t height, int64_t width) {
  const double scale = std::min(static_cast<double>(height) / static_cast<double>(image.height),
                                static_cast<double>(width) / static_cast<double>(image.width));
  const auto scaled = [&](int64_t side, int64_t most) {
    return std::clamp<int64_t>(std::llround(static_cast<double>(side) * scale), 1, most);
  };
  const ImagePixels small = resize(image, scaled(image.height, height), scaled(image.width, width));
  ImagePixels out{height, width, image.channels,
                  std::vector<uint8_t>(static_cast<size_t>(height * width * image.channels), 0)};
  const int64_t top = (height - small.height) / 2, left = (width - small.width) / 2, row = small.width * image.channels;
  for (int64_t y = 0; y < small.height; ++y)
    std::copy_n(small.values.begin() + y * row, row, out.values.begin() + ((top + y) * width + left) * image.channels);
  return out;
}

}  // namespace

ImagePixels fit_to(const ImagePixels& image, int64_t height, int64_t width, int64_t channels, ImageFit fit) {
  check_positive(image, height, width);
  const ImagePixels fitted = fit == ImageFit::crop  ? cropped(image, height, width)
                             : fit == ImageFit::pad ? padded(image, height, width)
                                                    : resize(image, height, width);
  return to_channels(fitted, channels);
}

}  // namespace moescope
