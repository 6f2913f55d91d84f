// The walk that most reports share: the test images once, batch by batch, with every image's routing map on the way.
#pragma once

#include <memory>
#include <vector>

#include "compute/eval/evaluator.h"
#include "compute/explore/replica_device.h"
#include "compute/explore/report_job.h"

namespace moescope {

/// Routed as an evaluation routes: in groups of router.group_images.
class ImageWalk : public ReportJob, private RoutingObserver {
 public:
  enum class Wants { maps, scored_too };  // see_routing reads Routing::scored, or nothing of it
  ImageWalk(Replica& replica, const ReportRequest& request, Wants wants = Wants::maps);
  bool slice() override;
  double progress() const override;

 protected:
  /// One image in one MoE layer: `layer` counts MoE layers from 0, `image` is its number in the test split. Called
  /// layer after layer for the images of a batch.
  virtual void see_image(size_t layer, int64_t image, int32_t label, const RoutingMap& map) = 0;
  /// After the maps of a batch: the logits (N,classes) of images [first_image, first_image + N).
  virtual void see_logits(int64_t first_image, const Batch& batch, const Tensor& logits) {
    (void)first_image, (void)batch, (void)logits;
  }
  /// Before the maps of a layer.
  virtual void see_routing(size_t layer, const Routing& routing) { (void)layer, (void)routing; }

  int64_t num_layers() const { return static_cast<int64_t>(layers_.size()); }
  const std::vector<int64_t>& layers() const { return layers_; }  // block indices
  int64_t num_experts() const { return replica_.config.router.num_experts; }
  int64_t num_classes() const { return dataset_->info().num_classes(); }
  int64_t num_images() const { return dataset_->size(Split::test); }
  int64_t images_seen() const { return tally_.num_images(); }
  int64_t num_patches() const { return model().grid_height() * model().grid_width(); }
  const VisionTransformer& model() const { return *replica_.model; }
  const Dataset& dataset() const { return *dataset_; }

 private:
  void see(const Routing& routing) override;

  Replica& replica_;
  std::vector<int64_t> layers_;
  std::shared_ptr<const Dataset> dataset_;
  Arena arena_;
  EvalBatches batches_;
  EvalTally tally_;
  ReplicaDevice device_;
  const Batch* batch_ = nullptr;  // in work
};

/// The request's data set: its first images, edited.
std::shared_ptr<const Dataset> dataset_of(const Replica& replica, const ReportRequest& request);
/// The request's knobs.
EvalOptions options_of(const Replica& replica, const ReportRequest& request, bool scored = false);
/// Throws ConfigError for a dense model.
void need_experts(const Replica& replica, const std::string& report);

}  // namespace moescope
