// Accuracy and loss over a split, a slice at a time so that whoever runs it can do something else in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compute/data/dataset.h"
#include "compute/data/loader.h"
#include "compute/models/vision_transformer.h"

namespace moescope {

class DeviceModel;

/// What to evaluate and with which knobs. The router's live fields may differ from training (capacity factor, k, BPR,
/// temperature): compute is chosen at test time.
struct EvalOptions {
  Split split = Split::test;
  RouterConfig router;
  WhatIf what_if;  // on top of `router`; edits of the image must be in the data set already
  LossKind loss = LossKind::softmax;
  PixelScale scale = PixelScale::standardize;
  int64_t micro_batch = 32;  // images computed at once; a multiple of the group
  int64_t workers = 1;
  std::shared_ptr<DeviceModel> device;  // holds the model's values and computes its passes; null: the CPU does
  bool scored = false;                  // the observer reads Routing::scored, which a GPU brings only then

  /// As the configuration evaluates while training.
  static EvalOptions of(const RunConfig& config);
};

struct EvalResult {
  int64_t num_images = 0;
  double accuracy = 0;          // share of images whose largest logit is their class's (the lowest class wins a tie)
  double loss = 0;              // mean over images, without auxiliary losses
  double gflops_per_image = 0;  // as executed: dropped tokens and experts switched off cost nothing
  double images_per_sec = 0;    // of the slices' own time
};

/// Adds up what a model makes of batches that somebody else fetches.
class EvalTally {
 public:
  /// `model` and `arena` must outlive it; each batch empties the arena. Throws ConfigError for impossible knobs and for
  /// a what_if that the model cannot be asked.
  EvalTally(VisionTransformer& model, EvalOptions options, Arena& arena);

  /// The next batch of the split, in order. Its logits (N,classes) live until the arena is used again.
  Tensor add(const Batch& batch, RoutingObserver* observer = nullptr);
  /// The same, to the same bits, for one of several tallies of the same model and batch: what comes before the first
  /// router is done once. FLOPs and speed are those of doing it oneself.
  Tensor add(const Batch& batch, Prefix& prefix);
  /// Who computes from the next batch on, as EvalOptions::device says it.
  void compute_on(std::shared_ptr<DeviceModel> device) { options_.device = std::move(device); }
  EvalResult result() const;  // over the batches so far
  int64_t num_images() const { return num_images_; }

 private:
  Tensor add(const Batch& batch, RoutingObserver* observer, Prefix* prefix);

  VisionTransformer& model_;
  EvalOptions options_;
  Arena& arena_;
  Buffer targets_;  // (micro_batch, classes)
  int64_t num_images_ = 0, num_correct_ = 0, flops_ = 0;
  double loss_sum_ = 0, secs_ = 0;
};

class Evaluation {
 public:
  /// `model` and `arena` must outlive it; the model's values must not change between slices, and each slice empties the
  /// arena. Throws ConfigError for impossible knobs.
  Evaluation(VisionTransformer& model, std::shared_ptr<const Dataset> dataset, EvalOptions options, Arena& arena);

  /// Evaluates the next micro-batch; false when there was none left.
  bool slice();
  double progress() const;                               // 0..1
  EvalResult result() const { return tally_.result(); }  // over the slices so far

 private:
  int64_t total_;
  EvalBatches batches_;
  EvalTally tally_;
};

/// All slices. `report` is told the progress after each; when it returns false the evaluation ends there.
EvalResult evaluate(VisionTransformer& model, std::shared_ptr<const Dataset> dataset, const EvalOptions& options,
                    const std::function<bool(double progress)>& report = {});

/// How many rows of logits (N,classes) have their largest value at labels (N); the lowest index wins a tie. A row
/// with a NaN is never right.
int64_t count_correct(const Tensor& logits, const int32_t* labels);

}  // namespace moescope
