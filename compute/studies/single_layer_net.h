// The implicit bias paper's net for small images (arXiv:2409.00879, PAPERS.md 2.6): one Soft MoE layer on four raw
// patches and a linear head. No encoder, no residual, no position, no biases.
//
// The head is linear and the combine weights are not renormalised over a subset, so the logits are a sum over experts:
// every subset of experts is an addition.
#pragma once

#include <memory>

#include "compute/data/loader.h"
#include "compute/models/vision_transformer.h"
#include "compute/nn/linear.h"
#include "compute/studies/bare_layer.h"
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

class SingleLayerNet {
 public:
  /// Throws ConfigError when model.patch does not divide the images or model.width is not a patch's numbers.
  SingleLayerNet(const RunConfig& config, const ImageShape& image);

  /// One update on a batch; returns its mean loss. Step numbers count from 0.
  double train(const Batch& batch, int64_t step);
  /// Logits (N,classes) as the layer computes them, with only the experts of `kept` at work; in the net's arena.
  Tensor logits(const Batch& batch, const ExpertsKept& kept = {});
  ExpertContributions contributions(const Batch& batch);

  ParameterSet& parameters() { return parameters_; }
  /// Multiply-adds of one image, twice.
  double flops_per_image() const;

 private:
  Tensor run(const Batch& batch, Pass& pass, MoeLayer::Context& context);

  RunConfig config_;
  ImageShape image_;
  int64_t tokens_, width_;
  ParameterSet parameters_;
  MoeLayer layer_;
  Linear head_;
  std::unique_ptr<Optimizer> optimizer_;
  Arena arena_;
};

}  // namespace moescope
