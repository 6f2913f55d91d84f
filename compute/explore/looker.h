// Answers one look: the images as the model sees them, and under a WhatIf. No thread, no queue. Where compute.device
// finds a GPU, on it: with a copy of the values and a stream of its own, so that a look never waits for a training
// step.
#pragma once

#include <memory>
#include <vector>

#include "compute/explore/replica_device.h"
#include "compute/train/watch.h"

namespace moescope {

class Looker {
 public:
  /// What cannot be asked is told in Look::refusal, with the images as they are when those can be shown. The views of
  /// the model as it is are kept and used again while the replica's version and the images are the same.
  Look look(Replica& replica, const LookRequest& request);
  /// Forgets what is kept: another model is to be looked through.
  void reset();

 private:
  void watch(const Replica& replica, const LookRequest& request);

  std::unique_ptr<Watcher> watcher_;
  std::shared_ptr<const Dataset> dataset_;
  std::vector<WatchedImage> watched_;
  std::vector<ImageView> as_is_;
  int64_t version_ = -1;  // of as_is_; -1: none
  ReplicaDevice device_;
};

}  // namespace moescope
