// Augmentation on the CPU, one image at a time; a table turns bytes into floats.
#include "compute/data/augment.h"

#include <algorithm>
#include <cmath>

namespace moescope {
namespace {

/// log of a Gamma(alpha, 1) draw: Marsaglia and Tsang (2000) for alpha + 1, then Gamma(alpha) = Gamma(alpha+1) *
/// U^(1/alpha). In logarithms, because U^(1/alpha) underflows for a small alpha.
double draw_log_gamma(double alpha, Rng& rng) {
  const double d = alpha + 1 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - rng.uniform()) < x * x / 2 + d - d * v + d * std::log(v)) {
      return std::log(d * v) + std::log(1 - rng.uniform()) / alpha;
    }
  }
}

/// One row: `width` pixels from in[first...], those outside [0, width) black; written backwards when mirrored.
template <int64_t kChannels>
void place_row(const uint8_t* in, int64_t width, int64_t first, bool mirrored, const Normalizer& normalizer,
               float* out) {
  const int64_t channels = kChannels > 0 ? kChannels : normalizer.channels();
  for (int64_t x = 0; x < width; ++x) {
    const int64_t from = first + (mirrored ? width - 1 - x : x);
    const bool inside = in && from >= 0 && from < width;
    for (int64_t c = 0; c < channels; ++c) {
      out[x * channels + c] = normalizer.value(c, inside ? in[from * channels + c] : uint8_t{0});
    }
  }
}

}  // namespace

Normalizer::Normalizer(const DatasetInfo& info, PixelScale scale) : table_(static_cast<size_t>(info.channels)) {
  for (size_t c = 0; c < table_.size(); ++c) {
    for (size_t v = 0; v < 256; ++v) {
      const double share = static_cast<double>(v) / 255;
      const double scaled = scale == PixelScale::unit_range ? 2 * share - 1 : (share - info.mean[c]) / info.std[c];
      table_[c][v] = static_cast<float>(scaled);
    }
  }
}

void Normalizer::apply(const uint8_t* in, int64_t num_pixels, float* out) const {
  const int64_t n = channels();
  if (n == 1) {
    const float* table = table_[0].data();
    for (int64_t i = 0; i < num_pixels; ++i) out[i] = table[in[i]];
    return;
  }
  for (int64_t i = 0; i < num_pixels; ++i) {
    for (int64_t c = 0; c < n; ++c) out[i * n + c] = table_[static_cast<size_t>(c)][in[i * n + c]];
  }
}

Placement draw_placement(const Augmentation& augmentation, Rng& rng) {
  Placement placement;
  placement.mirrored = (rng.bits() & 1) != 0 && augmentation.flip;
  const auto draw = [&](int64_t reach) { return rng.below(2 * reach + 1) - reach; };
  placement.down = draw(augmentation.shift);
  placement.right = draw(augmentation.shift);
  placement.down += draw(augmentation.crop);
  placement.right += draw(augmentation.crop);
  return placement;
}

void place(const uint8_t* in, int64_t height, int64_t width, const Placement& placement, const Normalizer& normalizer,
           float* out) {
  if (placement.down == 0 && placement.right == 0 && !placement.mirrored) {
    normalizer.apply(in, height * width, out);
    return;
  }
  const int64_t channels = normalizer.channels(), stride = width * channels;
  for (int64_t y = 0; y < height; ++y) {
    const int64_t from = y - placement.down;
    const uint8_t* row = from >= 0 && from < height ? in + from * stride : nullptr;
    const auto place_one = channels == 1 ? place_row<1> : channels == 3 ? place_row<3> : place_row<0>;
    place_one(row, width, -placement.right, placement.mirrored, normalizer, out + y * stride);
  }
}

double draw_mixup_weight(double alpha, Rng& rng) {
  const double a = draw_log_gamma(alpha, rng), b = draw_log_gamma(alpha, rng);
  return 1 / (1 + std::exp(-std::abs(a - b)));
}

void draw_batch(const Augmentation& augmentation, uint64_t seed, int64_t step, int64_t n, BatchDraws& draws) {
  draws.placements.resize(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    Rng rng(seed, RngPurpose::augment, static_cast<uint64_t>(step), static_cast<uint64_t>(i));
    draws.placements[static_cast<size_t>(i)] = draw_placement(augmentation, rng);
  }
  draws.smoothing = augmentation.label_smoothing;
  draws.mixes = augmentation.mixup > 0;
  draws.weight = 1;
  if (!draws.mixes) return;
  Rng rng(seed, RngPurpose::mixup, static_cast<uint64_t>(step));
  draws.weight = draw_mixup_weight(augmentation.mixup, rng);
}

void mix_with_successor(float* rows, int64_t n, int64_t size, double weight, std::vector<float>& first) {
  first.assign(rows, rows + size);
  const auto own = static_cast<float>(weight), other = static_cast<float>(1 - weight);
  for (int64_t i = 0; i < n; ++i) {
    float* row = rows + i * size;
    const float* successor = i + 1 < n ? row + size : first.data();
    for (int64_t j = 0; j < size; ++j) row[j] = own * row[j] + other * successor[j];
  }
}

TargetValues target_values(double smoothing, int64_t num_classes) {
  const double off = smoothing / static_cast<double>(num_classes);
  return {static_cast<float>(1 - smoothing + off), static_cast<float>(off)};
}

void fill_targets(const int32_t* labels, int64_t n, int64_t num_classes, double smoothing, float* targets) {
  const auto [on, off] = target_values(smoothing, num_classes);
  std::fill(targets, targets + n * num_classes, off);
  for (int64_t i = 0; i < n; ++i) targets[i * num_classes + labels[i]] = on;
}

}  // namespace moescope
