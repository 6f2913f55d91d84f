// One pre-norm block: attention, then an MLP or a mixture of experts, each around a residual. NUMERICS 4.3.
//
// The residual sum is not taken by the branch that made it but by the next normalisation, which has to read the row
// anyway: a block takes (stream, branch) and leaves (stream, branch), whose sum is the block's output.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compute/moe/moe_layer.h"
#include "compute/nn/mlp.h"
#include "compute/nn/norm.h"
#include "compute/nn/self_attention.h"

namespace moescope {

struct BlockShape {
  int64_t index = 0, width = 0, heads = 0, mlp = 0;
  bool qk_norm = false;
  std::optional<MoeLayerShape> moe;  // instead of the MLP
};

class EncoderBlock {
 public:
  struct Context {
    Norm::Context norm1, norm2;
    SelfAttention::Context attention;
    Mlp::Context mlp;
    MoeLayer::Context moe;
  };

  EncoderBlock(ParameterSet& parameters, const std::string& prefix, const BlockShape& shape);

  /// stream (T,D): in, the residual stream; out, the stream after attention. branch (T,D): in, what is still to be
  /// added (not read when `first`); out, the second branch. group_tokens: tokens routed together.
  void forward(Tensor& stream, const Tensor& branch, bool first, int64_t images, int64_t group_tokens, Pass& pass,
               Context& context) const;
  /// dstream (T,D): the gradient of the block's output on entry, of its input on return.
  void backward(Context& context, const Tensor& dstream, Pass& pass, double aux_scale) const;

  /// Inference in two steps, for whoever runs the experts of a block several times over the same tokens: all that comes
  /// before them, which fills `routed` (T,D) with what the router sees (a block without experts is done then), and
  /// they.
  void infer_until_experts(const Tensor& stream, const Tensor& branch, bool first, int64_t images, Pass& pass,
                           Context& context, const Tensor& routed) const;
  void infer_experts(const Tensor& routed, const Tensor& branch, int64_t group_tokens, Pass& pass,
                     Context& context) const;

  bool has_moe() const { return moe_ != nullptr; }

 private:
  void infer(const Tensor& stream, const Tensor& branch, bool first, int64_t images, int64_t group_tokens, Pass& pass,
             Context& context) const;
  Tensor probabilities_of(const Pass& pass) const;  // to fill with (images,heads,tokens,tokens); empty: not asked

  BlockShape shape_;
  Norm norm1_, norm2_;
  SelfAttention attention_;
  std::optional<Mlp> mlp_;
  std::unique_ptr<MoeLayer> moe_;
};

}  // namespace moescope
