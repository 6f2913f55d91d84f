// The two ends of a vision transformer, on the device: pixels to tokens, tokens to class logits. Mirror
// compute/models/patch_embedding and classifier_head, and compute/nn/map_head.
#pragma once

#include "compute/cuda/dense_layers.h"
#include "compute/cuda/experts.h"

namespace moescope::cuda {

struct Embedding {
  Linear kernel;
  Weight class_token, position;
  const float* fixed_positions = nullptr;  // (L,D) in device memory, or null
  int64_t height = 0, width = 0, channels = 0, patch = 0, features = 0;
  struct Context {
    float* patches = nullptr;
    int64_t images = 0;
  };

  int64_t patches() const { return height / patch * (width / patch); }
  int64_t tokens() const { return patches() + (class_token ? 1 : 0); }
  /// x (N*L,D) overwritten from images (N,H,W,C).
  void forward(const Run& run, const float* images, int64_t count, float* x, Context& context) const;
  /// dimages overwritten unless null.
  void backward(const Run& run, const Context& context, const float* dx, float* dimages) const;

 private:
  void place(const Run& run, const float* embedded, int64_t count, float* x) const;
  void add_positions(const Run& run, int64_t count, float* x) const;
};

/// One learned probe attends to the tokens, then an MLP.
struct MapHead {
  Weight probe;
  Linear query, kv, out;
  HeadNorm query_norm, key_norm;
  Norm norm;
  Experts mlp;
  int64_t width = 0, heads = 0;
  struct Context {
    const float* x = nullptr;
    float *query = nullptr, *kv = nullptr, *normalized_query = nullptr, *normalized_key = nullptr;
    float *mixed = nullptr, *pooled = nullptr, *normalized = nullptr, *log_sums = nullptr;
    Norm::Context norm;
    Experts::Context mlp;
  };

  MapHead() = default;
  MapHead(const Weights& weights, int64_t columns, int64_t num_heads, int64_t hidden);
  void forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* y, Context& context) const;
  void backward(const Run& run, Context& context, int64_t images, int64_t tokens, const float* dy, float* dx) const;
};

struct Head {
  HeadKind kind = HeadKind::gap;
  MapHead map;
  Linear pre, last;
  int64_t width = 0, representation = 0, classes = 0;
  struct Context {
    float *pooled = nullptr, *representation = nullptr;
    MapHead::Context map;
  };

  /// logits (N,classes) from x (N*L,D).
  void forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* logits, Context& context) const;
  /// dx (N*L,D) overwritten.
  void backward(const Run& run, Context& context, int64_t images, int64_t tokens, const float* dlogits,
                float* dx) const;
};

}  // namespace moescope::cuda
