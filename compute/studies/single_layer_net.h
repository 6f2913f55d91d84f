// The implicit bias paper's net for small images (arXiv:2409.00879, PAPERS.md 2.6): one Soft MoE layer on four raw
// patches and a linear head. No encoder, no residual, no position, no biases.
//
// The head is linear and the combine weights are not renormalised over a subset, so the logits are a sum over experts:
// every subset of experts is an addition.
#pragma once

#include <memory>
#include <vector>

#include "compute/data/loader.h"
#include "compute/models/vision_transformer.h"
#include "compute/nn/linear.h"
#include "compute/studies/bare_layer.h"
#include "compute/studies/single_layer_lanes.h"
#include "compute/train/optimizer.h"

namespace moescope {

/// What each expert adds to the logits of a batch of N images.
struct ExpertContributions {
  int64_t num_images = 0, num_experts = 0, num_classes = 0;
  std::vector<float> logits;    // (N,n,classes)
  std::vector<float> combine;   // (N,n) combine weights summed over the image's tokens: Algorithm 1's C_sum
  std::vector<float> best_of;   // (N,n) tokens of which the expert has the largest combine weight
  std::vector<int32_t> labels;  // (N)
};

/// A batch for several nets: what the written-out step reads of it is made when the first of them asks.
class SharedBatch {
 public:
  /// To be kept by the caller until the next one.
  void take(const Batch& batch);
  const Batch& plain() const { return *batch_; }
  /// Its patches as unit tokens; valid until another patch or eps is asked for.
  LaneImages lanes(int64_t patch, NormEps eps);

 private:
  const Batch* batch_ = nullptr;
  Arena arena_;
  Tensor tokens_;  // of patch_ and eps_; empty: not made yet
  int64_t patch_ = 0;
  NormEps eps_ = {};
};

class SingleLayerNet {
 public:
  /// Throws ConfigError when model.patch does not divide the images or model.width is not a patch's numbers.
  SingleLayerNet(const RunConfig& config, const ImageShape& image);

  /// One update on a batch; returns its mean loss. Step numbers count from 0. The gradients are those of the layer, or,
  /// where the net is the paper's and the processor can, the written-out step's.
  double train(SharedBatch& batch, int64_t step);
  /// Logits (N,classes) as the layer computes them, with only the experts of `kept` at work; in the net's arena.
  Tensor logits(const Batch& batch, const ExpertsKept& kept = {});
  ExpertContributions contributions(const Batch& batch);

  ParameterSet& parameters() { return parameters_; }
  /// Multiply-adds of one image, twice.
  double flops_per_image() const;

 private:
  Tensor run(const Batch& batch, Pass& pass, MoeLayer::Context& context);
  double gradients_by_layer(const Batch& batch);
  double gradients_by_lanes(SharedBatch& batch);
  void find_lanes();

  RunConfig config_;
  ImageShape image_;
  int64_t tokens_, width_;
  ParameterSet parameters_;
  MoeLayer layer_;
  Linear head_;
  std::unique_ptr<Optimizer> optimizer_;
  LaneStepFn* fast_ = nullptr;  // null: the layer computes the steps
  LaneModel lanes_;
  Arena arena_;
};

}  // namespace moescope
