// A feature map as tokens for a mixture, in the five ways of the deep RL paper. NUMERICS 5.2.
#pragma once

#include <optional>

#include "compute/rl/encoder.h"

namespace moescope::rl {

class Tokenizer {
 public:
  /// Registers "embed.w", "embed.b" for RlTokens::patch. Throws ConfigError when a patch does not fit into the map.
  Tokenizer(ParameterSet& parameters, RlTokens kind, const MapShape& map, int64_t patch, int64_t embedding);

  int64_t tokens() const { return tokens_; }  // T of a state
  int64_t width() const { return width_; }    // D
  RlTokens kind() const { return kind_; }
  /// Rows and columns of tokens over the map; 0 by 0 when a token is no place.
  int64_t grid_height() const;
  int64_t grid_width() const;

  /// (B*T,D) from features (B,h,w,c): a view where they are the same numbers in the same order, else in the arena.
  Tensor forward(const Tensor& features, Arena& arena) const;
  /// dfeatures (B,h,w,c) from dtokens (B*T,D), a view or in the arena.
  Tensor backward(const Tensor& features, const Tensor& dtokens, Arena& arena) const;

 private:
  RlTokens kind_;
  MapShape map_, patches_;
  int64_t patch_, tokens_ = 0, width_ = 0;
  std::optional<ConvolutionLayer> embed_;
};

}  // namespace moescope::rl
