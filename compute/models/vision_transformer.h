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

class VisionTransformer {
 public:
  /// Builds and registers everything; call parameters().allocate() afterwards. Throws ConfigError for impossible sizes.
  VisionTransformer(const RunConfig& config, const ImageShape& image);
  ~VisionTransformer();

  /// logits (N,classes) in the pass's arena, from images (N,H,W,C). With pass.backward the activations are kept in the
  /// arena until backward() of the same pass; only one pass may be open.
  Tensor forward(const Tensor& images, Pass& pass);
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
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace moescope
