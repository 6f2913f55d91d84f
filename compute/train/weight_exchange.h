// How an explorer gets the weights of a run in training: a copy, made between two turns of the run and only when asked.
//
// Two buffers go round: the explorer hands one in with its wish, the trainer fills it and puts it out, and whoever
// takes it gives the one it had before back with the next wish. Nobody waits, and nothing that the trainer computes
// changes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "compute/data/dataset.h"
#include "compute/models/vision_transformer.h"

namespace moescope {

/// The weights of one moment with what is needed to use them.
struct PublishedWeights {
  RunConfig config;  // with every live change applied so far
  ImageShape image;
  std::shared_ptr<const Dataset> dataset;
  int64_t run_id = 0, step = 0;
  int64_t version = 0;  // grows whenever weights or live settings change
  Buffer values;        // ParameterSet::values() of the trainer's model
};

class WeightExchange {
 public:
  /// Called on the trainer's thread after each publication; null: nobody.
  void set_waker(std::function<void()> published);

  /// The explorer's wish for weights newer than `seen_version` (0: any). `spare` may be null.
  void ask(int64_t seen_version, std::unique_ptr<PublishedWeights> spare);
  /// What was published since the last take; null when nothing.
  std::unique_ptr<PublishedWeights> take();

  /// Whether the run computes now, and an explorer should leave it its threads.
  bool busy() const { return busy_.load(std::memory_order_relaxed); }

  /// The trainer's side.
  void set_busy(bool busy) { busy_.store(busy, std::memory_order_relaxed); }
  /// Is anybody waiting for weights of `version`? One atomic read.
  bool wanted(int64_t version) const { return wanted_above_.load(std::memory_order_relaxed) < version; }
  /// Copies the model's values. `label` carries everything but `image` and `values`.
  void publish(const VisionTransformer& model, PublishedWeights label);

 private:
  static constexpr int64_t kNothing = INT64_MAX;
  std::atomic<int64_t> wanted_above_{kNothing};
  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::unique_ptr<PublishedWeights> spare_, ready_;
  std::function<void()> published_;
};

}  // namespace moescope
