// The layers that a plain vision transformer has, on the device: projection, normalisation, attention. Each mirrors its
// namesake in compute/nn; contexts hold what the backward pass reads, in the pass's arena.
#pragma once

#include "compute/cuda/fused_attention.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {

struct Linear {
  Weight weight, bias;  // (in,out), (out)
  int64_t in = 0, out = 0;

  Linear() = default;
  Linear(const Weights& weights, const std::string& weight_name, const std::string& bias_name, int64_t columns_in,
         int64_t columns_out);
  void forward(const Run& run, const float* x, float* y, int64_t rows) const;
  /// Parameter gradients +=; dx overwritten, skipped when null.
  void backward(const Run& run, const float* x, const float* dy, float* dx, int64_t rows) const;
};

struct Norm {
  Weight scale, bias;
  int64_t width = 0;
  struct Context {
    const float* x = nullptr;  // what was normalised
    float *mean = nullptr, *rstd = nullptr;
  };

  Norm() = default;
  Norm(const Weights& weights, const std::string& prefix, int64_t columns);
  /// y = LN(x + residual), residual may be null; sum receives x + residual.
  void forward(const Run& run, const float* x, const float* residual, float* sum, float* y, int64_t rows,
               Context& context) const;
  void backward(const Run& run, const Context& context, const float* dy, float* dx, int64_t rows) const;  // dx +=
};

/// One normalisation a head, of columns of a packed projection.
struct HeadNorm {
  Weight scale;
  int64_t heads = 0, width = 0;  // of a head
  void forward(const Run& run, const float* x, int64_t x_stride, float* y, int64_t y_stride, int64_t rows) const;
  void backward(const Run& run, const float* x, int64_t x_stride, float* dy, int64_t dy_stride, int64_t rows) const;
};

struct SelfAttention {
  Linear qkv, out;
  HeadNorm query_norm, key_norm;
  int64_t width = 0, heads = 0;
  struct Context {
    const float* x = nullptr;
    float *qkv = nullptr, *normalized = nullptr, *mixed = nullptr, *log_sums = nullptr;
    float* probabilities = nullptr;  // (images,heads,tokens,tokens) when they are kept
    FusedOperands fused;             // instead of our own kernels; q is null without
    int64_t images = 0;
  };

  SelfAttention() = default;
  SelfAttention(const Weights& weights, const std::string& prefix, int64_t columns, int64_t num_heads);
  void forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* y, Context& context,
               bool keep_probabilities = false) const;
  void backward(const Run& run, const Context& context, const float* dy, float* dx, int64_t tokens) const;

 private:
  FusedAttentionShape fused_shape(int64_t images, int64_t tokens) const;
  void attend_plainly(const Run& run, int64_t tokens, const Context& context, float* mixed, float* log_sums) const;
  void attend(const Run& run, int64_t tokens, Context& context) const;
  void attend_backward(const Run& run, const Context& context, const float* dmixed, float* dqkv, int64_t tokens) const;
};

}  // namespace moescope::cuda
