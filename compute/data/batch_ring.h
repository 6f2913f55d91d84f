// A ring of batches that worker threads fill a little ahead of the one who reads them, in order of step.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "compute/core/arena.h"
#include "compute/data/augment.h"

namespace moescope {

/// Images ready for the model. N is the number of images, less than asked only in the last batch of an evaluation.
struct Batch {
  int64_t step = 0, epoch = 0;
  Tensor images;                 // (N, height, width, channels) f32, scaled
  Tensor labels;                 // (N) i32; under mixup the class of the image with the larger weight
  Tensor targets;                // (N, num_classes) f32; empty when one-hot labels are the targets
  std::vector<int32_t> indices;  // (N) of each image in its split
  // Instead of images and targets, for a GPU that makes them (LoaderSettings::raw):
  Tensor bytes;      // (N, height, width, channels) u8, as the data set holds them
  BatchDraws draws;  // and what is to be done with them

  int64_t size() const { return static_cast<int64_t>(indices.size()); }
};

/// Memory for the largest batch; a Batch's tensors point into it. raw: for bytes, without room for images and targets.
struct BatchMemory {
  BatchMemory(int64_t num_images, int64_t height, int64_t width, int64_t channels, int64_t num_classes,
              bool raw = false)
      : labels({num_images}, DType::i32) {
    if (raw) {
      bytes = Buffer({num_images, height, width, channels}, DType::u8);
    } else {
      images = Buffer({num_images, height, width, channels});
      targets = Buffer({num_images, num_classes});
    }
  }
  Buffer images, labels, targets, bytes;
};

/// Steps are claimed in order, one worker a step, so that what a batch holds never depends on the number of workers as
/// long as `prepare` depends on its step alone. One reader.
class BatchRing {
 public:
  /// Fills `batch` for its step (set before the call), on worker thread `worker`. May throw: the reader gets it.
  using Prepare = std::function<void(Batch& batch, BatchMemory& memory, int worker)>;
  using MakeMemory = std::function<BatchMemory()>;

  /// Steps run from first_step to end_step - 1.
  BatchRing(int num_workers, int64_t first_step, int64_t end_step, const MakeMemory& make_memory, Prepare prepare);
  ~BatchRing();
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;

  /// The next step's batch, valid until the next call; null after the last. Waits for it, and throws what its
  /// preparation threw (calling again then tries that step again).
  const Batch* next();
  /// The step that next() gives next.
  int64_t next_step() const;
  /// next() goes on at `step`, which may lie before or after.
  void seek(int64_t step);

 private:
  enum class State : uint8_t { empty, preparing, ready, held };
  struct Slot {
    Batch batch;
    BatchMemory memory;
    State state = State::empty;
    bool stale = false;        // being prepared for what nobody wants any more
    std::exception_ptr error;  // instead of a batch
  };
  void work(int worker);
  bool can_claim() const;
  void drop(int64_t from_step);  // ready and preparing slots of from_step and later
  Slot& slot_of(int64_t step) { return slots_[static_cast<size_t>(step) % slots_.size()]; }
  const Slot& slot_of(int64_t step) const { return slots_[static_cast<size_t>(step) % slots_.size()]; }

  Prepare prepare_;
  mutable std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::vector<Slot> slots_;
  Slot* held_ = nullptr;
  int64_t next_step_, next_claim_, end_step_;
  bool failed_ = false;  // the last next() threw: nobody tries again before the reader does
  bool stopping_ = false;
  std::vector<std::thread> workers_;  // last: they use all of the above
};

}  // namespace moescope
