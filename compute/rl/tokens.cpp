// Views, one transposition, a convolution, and means.
#include "compute/rl/tokens.h"

#include "compute/core/error.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {
namespace {

/// out (B,c,hw) from in (B,hw,c), or the other way round.
void transpose_each(const Tensor& in, int64_t states, int64_t rows, int64_t columns, const Tensor& out) {
  for (int64_t b = 0; b < states; ++b) {
    const float* from = in.f32() + b * rows * columns;
    float* to = out.f32() + b * rows * columns;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
}

/// body(place in the map, place among the patches) for each place that a patch covers.
template <class Body>
void for_patch_places(int64_t states, const MapShape& map, const MapShape& patches, int64_t side, Body&& body) {
  for (int64_t b = 0; b < states; ++b)
    for (int64_t y = 0; y < patches.height * side; ++y)
      for (int64_t x = 0; x < patches.width * side; ++x)
        body((b * map.height + y) * map.width + x, (b * patches.height + y / side) * patches.width + x / side);
}

}  // namespace

Tokenizer::Tokenizer(ParameterSet& parameters, RlTokens kind, const MapShape& map, int64_t patch, int64_t embedding)
    : kind_(kind), map_(map), patch_(patch) {
  if (kind == RlTokens::patch || kind == RlTokens::average_patch) {
    patches_ = {map.height / patch, map.width / patch, map.channels};
    if (patches_.height == 0 || patches_.width == 0) {
      throw ConfigError("rl.patch: " + std::to_string(patch) + " does not fit into a map of " +
                        std::to_string(map.height) + " by " + std::to_string(map.width) + "; choose a smaller one");
    }
    if (kind == RlTokens::patch) {
      embed_.emplace(parameters, "embed", patch, map.channels, embedding > 0 ? embedding : map.channels,
                     ConvolutionOptions{patch, patch, Padding::valid}, true);
      patches_ = embed_->output(map);
    }
    tokens_ = patches_.height * patches_.width;
    width_ = patches_.channels;
    return;
  }
  const int64_t places = map.height * map.width;
  tokens_ = kind == RlTokens::per_conv ? places : kind == RlTokens::per_feat ? map.channels : 1;
  width_ = map.size() / tokens_;
}

int64_t Tokenizer::grid_height() const {
  return kind_ == RlTokens::per_conv ? map_.height : embed_ || kind_ == RlTokens::average_patch ? patches_.height : 0;
}

int64_t Tokenizer::grid_width() const {
  return kind_ == RlTokens::per_conv ? map_.width : embed_ || kind_ == RlTokens::average_patch ? patches_.width : 0;
}

Tensor Tokenizer::forward(const Tensor& features, Arena& arena) const {
  const int64_t states = features.dim(0);
  if (kind_ == RlTokens::per_conv || kind_ == RlTokens::per_samp) return features.reshaped({states * tokens_, width_});
  const Tensor tokens = arena.make({states * tokens_, width_});
  if (kind_ == RlTokens::per_feat) {
    transpose_each(features, states, width_, tokens_, tokens);
  } else if (embed_) {
    embed_->forward(features, tokens.reshaped(patches_.batch(states)));
  } else {
    fill(tokens, 0);
    const float share = 1 / static_cast<float>(patch_ * patch_);
    for_patch_places(states, map_, patches_, patch_, [&](int64_t place, int64_t token) {
      for (int64_t c = 0; c < width_; ++c)
        tokens.f32()[token * width_ + c] += share * features.f32()[place * width_ + c];
    });
  }
  return tokens;
}

Tensor Tokenizer::backward(const Tensor& features, const Tensor& dtokens, Arena& arena) const {
  const int64_t states = features.dim(0);
  if (kind_ == RlTokens::per_conv || kind_ == RlTokens::per_samp) return dtokens.reshaped(features.shape());
  const Tensor dfeatures = arena.make(features.shape());
  if (kind_ == RlTokens::per_feat) {
    transpose_each(dtokens, states, tokens_, width_, dfeatures);
  } else if (embed_) {
    embed_->backward(features, dtokens.reshaped(patches_.batch(states)), dfeatures);
  } else {
    fill(dfeatures, 0);
    const float share = 1 / static_cast<float>(patch_ * patch_);
    for_patch_places(states, map_, patches_, patch_, [&](int64_t place, int64_t token) {
      for (int64_t c = 0; c < width_; ++c)
        dfeatures.f32()[place * width_ + c] = share * dtokens.f32()[token * width_ + c];
    });
  }
  return dfeatures;
}

}  // namespace moescope::rl
