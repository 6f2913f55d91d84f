// Batches for training, shuffled and augmented on worker threads, and for evaluation, in order and as they are.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "compute/data/augment.h"
#include "compute/data/batch_ring.h"
#include "compute/data/dataset.h"

namespace moescope {

struct LoaderSettings {
  int64_t batch_size = 128;
  int64_t workers = 1;
  PixelScale scale = PixelScale::standardize;
  uint64_t seed = 0;
  Augmentation augmentation = {};
  bool raw = false;  // batches stay bytes with what was drawn for them, for a GPU that does the rest

  static LoaderSettings of(const RunConfig& config);
};

/// Step s trains on part s mod steps_per_epoch of epoch s / steps_per_epoch, whose order is shuffled anew with
/// Rng(seed, data_order, epoch); images that do not fill a batch at the end of an epoch are left out of it. Every batch
/// is a function of (seed, step, augmentation), so any step can be resumed and the number of workers changes nothing.
/// Allocates nothing once each batch has been used (folders excepted, whose files must be read).
class BatchLoader {
 public:
  /// Throws ConfigError when a batch is larger than the training split.
  BatchLoader(std::shared_ptr<const Dataset> dataset, const LoaderSettings& settings, int64_t first_step = 0);

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  int64_t next_step() const { return ring_.next_step(); }

  /// The next step's batch, valid until the next call. Waits for it. Throws DataError when a file is damaged.
  const Batch& next() { return *ring_.next(); }

  /// A raw batch with its images and targets after all, the same that it would have had without LoaderSettings::raw:
  /// for the CPU. Valid until the next call.
  const Batch& made(const Batch& raw);

  /// Goes on at `step` with `augmentation`: for going back to a checkpoint.
  void seek(int64_t step, const Augmentation& augmentation);

 private:
  struct WorkerState {
    int64_t epoch = -1;
    std::vector<int32_t> order;    // of that epoch
    std::vector<uint8_t> pixels;   // one image
    std::vector<float> first_row;  // mixup
  };
  void prepare(Batch& batch, BatchMemory& memory, WorkerState& state) const;
  /// Images and targets out of draws and labels. pixels(i): the bytes of the batch's image i.
  template <class Pixels>
  void make(Batch& batch, BatchMemory& memory, Pixels&& pixels, std::vector<float>& first_row) const;
  Augmentation augmentation() const;

  std::shared_ptr<const Dataset> dataset_;
  LoaderSettings settings_;
  Normalizer normalizer_;
  int64_t steps_per_epoch_;
  mutable std::mutex augmentation_mutex_;
  Augmentation augmentation_;  // seek changes it while workers prepare what it throws away
  std::vector<WorkerState> worker_states_;
  Batch made_;  // the last one asked for
  std::unique_ptr<BatchMemory> made_memory_;
  BatchRing ring_;  // last: its threads use all of the above
};

/// A split in order, the last batch with what is left, without augmentation.
class EvalBatches {
 public:
  EvalBatches(std::shared_ptr<const Dataset> dataset, Split split, int64_t batch_size, PixelScale scale,
              int64_t workers = 1);

  int64_t num_batches() const { return num_batches_; }
  /// Valid until the next call; null after the last.
  const Batch* next() { return ring_.next(); }
  /// Back to the first.
  void restart() { ring_.seek(0); }

 private:
  void prepare(Batch& batch, BatchMemory& memory, std::vector<uint8_t>& scratch) const;

  std::shared_ptr<const Dataset> dataset_;
  Split split_;
  int64_t batch_size_, num_batches_;
  Normalizer normalizer_;
  std::vector<std::vector<uint8_t>> scratch_;  // one image a worker
  BatchRing ring_;                             // last: its threads use all of the above
};

}  // namespace moescope
