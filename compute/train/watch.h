// Looks at images through the live model: their class probabilities and where each patch goes, without touching
// training.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compute/data/augment.h"
#include "compute/eval/evaluator.h"
#include "compute/records/look.h"
#include "compute/records/snapshot.h"

namespace moescope {

class Watcher {
 public:
  Watcher(std::shared_ptr<const Dataset> dataset, PixelScale scale);

  /// What to look at from now on; layer -1: every MoE layer. A person's own pixels are fitted to the data set's size
  /// and channels. Throws ConfigError for a test image that does not exist and for an image without pixels; what was
  /// watched stays then.
  void watch(const std::vector<WatchedImage>& images, int64_t layer);
  bool empty() const { return seen_.empty(); }

  /// One view an image, in the order asked, at the present weights, in evaluation mode. Each image is routed in a group
  /// of its own, whatever router.group_images says, so that a view does not depend on the other images; token_set says
  /// so. Nothing random is drawn, so training goes on as if nobody had looked.
  /// `device` holds the model's values and computes the pass; null: the CPU does.
  std::vector<ImageView> look(VisionTransformer& model, const RouterConfig& router, int64_t step,
                              DeviceModel* device = nullptr);
  /// The same in two halves, beside the training steps that begin in between: at the weights as they are now. One at a
  /// time.
  struct Begun {
    std::vector<ImageView> views;
    RouterConfig knobs;
    int64_t step = 0, layer = -1;
  };
  Begun begin(const VisionTransformer& model, const RouterConfig& router, int64_t step, DeviceModel& device);
  std::vector<ImageView> end(const VisionTransformer& model, Begun begun, DeviceModel& device);
  /// The same under a WhatIf, which must have been check()ed: pixels, probabilities and maps are those of the changed
  /// image and model. Image after image, so that what is drawn for one depends on its number alone. attention: filled
  /// for the first image in its `block`, when not null. `device` as above.
  std::vector<ImageView> look(VisionTransformer& model, const RouterConfig& router, const WhatIf& what_if, int64_t step,
                              AttentionMap* attention = nullptr, DeviceModel* device = nullptr);

 private:
  struct Seen {
    WatchedImage image;
    ImagePixels pixels;
    int64_t label;
  };
  std::vector<ImageView> empty_views(int64_t step) const;
  void run(VisionTransformer& model, const Tensor& inputs, Pass& pass, std::span<ImageView> views, DeviceModel* device);

  std::shared_ptr<const Dataset> dataset_;
  Normalizer normalizer_;
  std::vector<Seen> seen_;
  Buffer inputs_;  // (images, H, W, C) scaled
  int64_t layer_ = -1;
  Arena arena_;  // its own: training's is not touched
};

}  // namespace moescope
