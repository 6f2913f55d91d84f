// The vision transformer, dense or with mixtures of experts at chosen blocks: V-MoE, Soft MoE ViT, and the plain ViT.
#pragma once

#include <memory>
#include <vector>

#include "compute/moe/moe_layer.h"
#include "compute/nn/parameters.h"
#include "compute/nn/pass.h"
#include "compute/records/run_config.h"

namespace moescope {

/// What the data set decides about a model.
struct ImageShape {
  int64_t height = 0, width = 0, channels = 0, classes = 0;
};

/// What a batch has become when it comes to the first router: the same under every WhatIf and every knob of the
/// routers, so that several of them need it only once.
struct Prefix {
  Buffer stream, routed;  // (T,D) the residual stream, and what the first router sees
  bool filled = false;    // false: the next forward pass fills it; true: it goes on from here
  int64_t flops = 0;      // done until here; counted again by each pass that goes on from here
  double secs = 0;        // spent until here
};

class VisionTransformer {
 public:
  /// Builds and registers everything; call parameters().allocate() afterwards. Throws ConfigError for impossible sizes.
  VisionTransformer(const RunConfig& config, const ImageShape& image);
  ~VisionTransformer();

  /// logits (N,classes) in the pass's arena, from images (N,H,W,C). With pass.backward the activations are kept in the
  /// arena until backward() of the same pass; only one pass may be open.
  Tensor forward(const Tensor& images, Pass& pass);
  /// The same in inference, through `prefix`, to the same bits. A dense model has no first router: it is not touched.
  Tensor forward(const Tensor& images, Pass& pass, Prefix& prefix);
  /// Gradients of all parameters += from dlogits (N,classes). aux_scale: see MoeLayer::backward. dimages (N,H,W,C) is
  /// overwritten when not empty.
  void backward(const Tensor& dlogits, Pass& pass, double aux_scale, const Tensor& dimages = {});
  /// Sum over MoE layers of the weighted auxiliary loss (mean over the pass's groups) of the last forward.
  double aux_loss() const;

  ParameterSet& parameters();
  const ParameterSet& parameters() const;
  const std::vector<int64_t>& moe_blocks() const;  // block indices that hold an MoE, ascending
  const ImageShape& image() const;
  int64_t tokens_per_image() const;  // class token included
  int64_t grid_height() const;
  int64_t grid_width() const;
  bool has_class_token() const;
  const RunConfig& config() const;

 private:
  Tensor run(const Tensor& images, Pass& pass, Prefix* prefix);
  void run_prefix(const Tensor& images, Pass& pass, Tensor stream, const Tensor& branch, Prefix& prefix);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace moescope
