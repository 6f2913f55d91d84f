// The experts of one layer: two-layer MLPs of equal shape, computed together over rows sorted by expert. NUMERICS 1.4.
#pragma once

#include <string>

#include "compute/moe/router.h"

namespace moescope {

/// Parameters w1 (E,D,H) b1 (E,H) w2 (E,H,D) b2 (E,D); w1 and b1 have 2H columns with GEGLU.
class Experts {
 public:
  Experts(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);

  /// Columns of the hidden layer before the activation: H, or 2H with GEGLU.
  int64_t hidden_columns() const;

  /// Experts [first, last) over rows (R,D): expert first + i has rows [offset[i], offset[i+1]). outputs (R,D) and
  /// hidden (R, hidden_columns) are overwritten; hidden is for backward(), empty when there is none to come: the layer
  /// before the activation, of which with a ReLU only what is above 0 may be relied on. max_rows >= R: what temporary
  /// buffers are made for, so that the arena's use does not depend on the data.
  void forward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
               const Tensor& outputs, int64_t max_rows, Arena& arena) const;

  /// Parameters' gradients +=; drows (R,D) overwritten, may be doutputs.
  void backward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                const Tensor& doutputs, const Tensor& drows, int64_t max_rows, Arena& arena) const;

 private:
  bool narrow() const;
  MoeLayerShape shape_;
  Parameter *w1_, *b1_, *w2_, *b2_;
};

/// An uninitialised (rows, columns) tensor that takes the arena's room for max_rows.
inline Tensor make_rows(Arena& arena, int64_t max_rows, int64_t rows, int64_t columns) {
  return arena.make({max_rows, columns}).rows(0, rows);
}

}  // namespace moescope
