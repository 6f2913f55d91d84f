// From pixels to tokens: patches times a kernel, a class token in front if wanted, and positions. NUMERICS 4.1, 4.2.
#pragma once

#include <string>

#include "compute/nn/linear.h"
#include "compute/records/run_config.h"

namespace moescope {

struct EmbeddingShape {
  int64_t height = 0, width = 0, channels = 0;  // pixels
  int64_t patch = 0, features = 0;              // side in pixels; D
  PositionKind position = PositionKind::learned;
  bool class_token = false;
};

class PatchEmbedding {
 public:
  struct Context {
    Tensor patches;  // (N*P, patch*patch*C)
    int64_t images = 0;
  };

  PatchEmbedding() = default;
  /// Registers "embed.w" (patch*patch*C, D), "embed.b", and as wanted "cls" (1,1,D) and "pos" (1,L,D).
  PatchEmbedding(ParameterSet& parameters, const EmbeddingShape& shape);

  int64_t grid_height() const { return shape_.height / shape_.patch; }
  int64_t grid_width() const { return shape_.width / shape_.patch; }
  int64_t patches() const { return grid_height() * grid_width(); }
  int64_t tokens() const { return patches() + (shape_.class_token ? 1 : 0); }

  /// x (N*L,D) overwritten from images (N,H,W,C).
  void forward(const Tensor& images, const Tensor& x, Arena& arena, bool keep, Context& context) const;
  /// dimages (N,H,W,C) overwritten when not empty.
  void backward(const Context& context, const Tensor& dx, Arena& arena, const Tensor& dimages) const;

 private:
  EmbeddingShape shape_;
  Linear kernel_;
  Parameter* class_token_ = nullptr;
  Parameter* position_ = nullptr;
  Buffer sincos_;  // (L,D), zeros for the class token
};

}  // namespace moescope
