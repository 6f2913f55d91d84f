// What happens to an image between the data set and the model: moved, mirrored, scaled to floats, mixed with another.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "compute/core/rng.h"
#include "compute/data/dataset.h"

namespace moescope {

/// The part of TrainConfig that changes images and targets. All of it may change on a running model.
struct Augmentation {
  bool flip = false;           // mirror left to right with probability 1/2
  int64_t shift = 0;           // move by -shift .. shift pixels along each axis
  int64_t crop = 0;            // pad by `crop` pixels a side and cut the old size out at random
  double mixup = 0;            // alpha of Dirichlet(alpha, alpha); 0: off
  double label_smoothing = 0;  // targets become (1 - e) * one-hot + e / classes

  static Augmentation of(const TrainConfig& train) {
    return {train.flip, train.shift, train.crop, train.mixup, train.label_smoothing};
  }
  /// Whether a label no longer says all about the target.
  bool needs_targets() const { return mixup > 0 || label_smoothing > 0; }
  bool operator==(const Augmentation&) const = default;
};

/// Bytes to floats: (v/255 - mean)/std of the data set, or v/127.5 - 1 (PixelScale).
class Normalizer {
 public:
  Normalizer(const DatasetInfo& info, PixelScale scale);
  int64_t channels() const { return static_cast<int64_t>(table_.size()); }
  float value(int64_t channel, uint8_t byte) const { return table_[static_cast<size_t>(channel)][byte]; }
  /// in, out (num_pixels, channels).
  void apply(const uint8_t* in, int64_t num_pixels, float* out) const;

 private:
  std::vector<std::array<float, 256>> table_;  // (channels)
};

/// Where an image goes. What moves in from outside is black (0), as zero padding before scaling is.
struct Placement {
  int64_t down = 0, right = 0;  // pixels; applied before mirroring
  bool mirrored = false;
};

/// Always takes the same number of draws for each kind, so that turning one knob leaves the draws of the others alone.
Placement draw_placement(const Augmentation& augmentation, Rng& rng);

/// in (height, width, channels) bytes; out likewise, floats, overwritten.
void place(const uint8_t* in, int64_t height, int64_t width, const Placement& placement, const Normalizer& normalizer,
           float* out);

/// The larger weight of Dirichlet(alpha, alpha), in [1/2, 1]. alpha > 0.
double draw_mixup_weight(double alpha, Rng& rng);

/// All that is drawn for a batch before a pixel is touched: the same whoever applies it, a CPU or a GPU.
struct BatchDraws {
  std::vector<Placement> placements;  // of each image
  bool mixes = false;
  double weight = 1;  // of each image in the mixture with its successor
  double smoothing = 0;
};
/// For the n images of step `step` of a run with this seed.
void draw_batch(const Augmentation& augmentation, uint64_t seed, int64_t step, int64_t n, BatchDraws& draws);

/// A target's values at its label and elsewhere, before mixup.
struct TargetValues {
  float on, off;
};
TargetValues target_values(double smoothing, int64_t num_classes);

/// Mixup in place (NUMERICS 4.6, google-research/vmoe:vmoe/train/trainer.py, its default granularity on one device):
///   row[i] = weight * row[i] + (1 - weight) * row[i + 1],   the last row taking the first as its successor.
/// rows (n, size); first (size) is room for the first row as it was.
void mix_with_successor(float* rows, int64_t n, int64_t size, double weight, std::vector<float>& first);

/// targets (n, num_classes), overwritten: (1 - smoothing) * one-hot + smoothing / num_classes.
void fill_targets(const int32_t* labels, int64_t n, int64_t num_classes, double smoothing, float* targets);

}  // namespace moescope
