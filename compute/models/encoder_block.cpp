// The two halves of a block. Without a backward pass to come the stream is updated in place and nothing is kept.
#include "compute/models/encoder_block.h"

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
  Arena& arena = *pass.arena;
  const bool keep = pass.backward;
  const Arena::Mark before = arena.mark();
  const auto sum_for = [&](bool has_residual) { return has_residual && keep ? arena.make(stream.shape()) : stream; };

  Tensor sum = sum_for(!first);
  const Tensor u1 = arena.make(stream.shape());
  norm1_.forward(stream, first ? Tensor() : branch, sum, u1, arena, keep, context.norm1);
  stream = sum;
  const Tensor probabilities = pass.attention_probabilities ? pass.attention_probabilities[shape_.index] : Tensor();
  attention_.forward(u1, images, branch, arena, keep, context.attention, probabilities);

  sum = sum_for(true);
  const Tensor u2 = keep ? arena.make(stream.shape()) : u1;
  norm2_.forward(stream, branch, sum, u2, arena, keep, context.norm2);
  stream = sum;
  if (moe_)
    moe_->forward(u2, group_tokens, pass, branch, context.moe);
  else
    mlp_->forward(u2, branch, arena, keep, context.mlp);
  if (!keep) arena.rewind(before);
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
