// The two halves of a block. Without a backward pass to come the stream is updated in place, nothing is kept, and the
// batch goes through in slices of images.
#include "compute/models/encoder_block.h"

#include "compute/nn/row_slices.h"

namespace moescope {

EncoderBlock::EncoderBlock(ParameterSet& parameters, const std::string& prefix, const BlockShape& shape)
    : shape_(shape),
      norm1_(parameters, prefix + ".ln1", shape.width),
      norm2_(parameters, prefix + ".ln2", shape.width),
      attention_(parameters, prefix + ".attn", shape.width, shape.heads, shape.qk_norm) {
  if (shape.moe)
    moe_ = std::make_unique<MoeLayer>(parameters, prefix + ".moe", *shape.moe);
  else
    mlp_.emplace(parameters, prefix + ".mlp", shape.width, shape.mlp);
}

void EncoderBlock::forward(Tensor& stream, const Tensor& branch, bool first, int64_t images, int64_t group_tokens,
                           Pass& pass, Context& context) const {
  if (!pass.backward) return infer(stream, branch, first, images, group_tokens, pass, context);
  Arena& arena = *pass.arena;
  const Tensor sum1 = first ? stream : arena.make(stream.shape()), u1 = arena.make(stream.shape());
  norm1_.forward(stream, first ? Tensor() : branch, sum1, u1, arena, true, context.norm1);
  attention_.forward(u1, images, branch, arena, true, context.attention, probabilities_of(pass));
  const Tensor sum2 = arena.make(stream.shape()), u2 = arena.make(stream.shape());
  norm2_.forward(sum1, branch, sum2, u2, arena, true, context.norm2);
  stream = sum2;
  if (moe_)
    moe_->forward(u2, group_tokens, pass, branch, context.moe);
  else
    mlp_->forward(u2, branch, arena, true, context.mlp);
}

void EncoderBlock::infer(const Tensor& stream, const Tensor& branch, bool first, int64_t images, int64_t group_tokens,
                         Pass& pass, Context& context) const {
  const ArenaScope scope(*pass.arena);
  const Tensor routed = moe_ ? pass.arena->make(stream.shape()) : Tensor();
  infer_until_experts(stream, branch, first, images, pass, context, routed);
  if (moe_) infer_experts(routed, branch, group_tokens, pass, context);
}

void EncoderBlock::infer_until_experts(const Tensor& stream, const Tensor& branch, bool first, int64_t images,
                                       Pass& pass, Context& context, const Tensor& routed) const {
  Arena& arena = *pass.arena;
  const int64_t tokens = stream.dim(0) / images;
  const Tensor probabilities = probabilities_of(pass);
  for_row_slices(images, tokens, [&](int64_t begin, int64_t end) {
    const ArenaScope slice_scope(arena);
    const auto slice = [&](const Tensor& x) { return x.rows(begin * tokens, end * tokens); };
    const Tensor sum = slice(stream), out = slice(branch), u = moe_ ? slice(routed) : arena.make(sum.shape());
    norm1_.forward(sum, first ? Tensor() : out, sum, u, arena, false, context.norm1);
    attention_.forward(u, end - begin, out, arena, false, context.attention,
                       probabilities.empty() ? probabilities : probabilities.rows(begin, end));
    norm2_.forward(sum, out, sum, u, arena, false, context.norm2);
    if (!moe_) mlp_->forward(u, out, arena, false, context.mlp);
  });
}

void EncoderBlock::infer_experts(const Tensor& routed, const Tensor& branch, int64_t group_tokens, Pass& pass,
                                 Context& context) const {
  moe_->forward(routed, group_tokens, pass, branch, context.moe);
}

Tensor EncoderBlock::probabilities_of(const Pass& pass) const {
  return pass.attention_probabilities ? pass.attention_probabilities[shape_.index] : Tensor();
}

void EncoderBlock::backward(Context& context, const Tensor& dstream, Pass& pass, double aux_scale) const {
  Arena& arena = *pass.arena;
  const ArenaScope scope(arena);
  // The branch's gradient is the stream's; what comes back through the normalisation is added to it.
  const Tensor du = arena.zeros(dstream.shape());
  if (moe_)
    moe_->backward(context.moe, dstream, du, pass, aux_scale);
  else
    mlp_->backward(context.mlp, dstream, du, arena);
  norm2_.backward(context.norm2, du, dstream);
  attention_.backward(context.attention, dstream, du, arena);
  norm1_.backward(context.norm1, du, dstream);
}

}  // namespace moescope
