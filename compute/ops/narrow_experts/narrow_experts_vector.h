// A narrow expert on vectors, written once: blocks of rows whose hidden layer stays in the first cache, products in
// registers, bias, ReLU and its mask on the way out of them.
#pragma once

#include "compute/ops/narrow_experts/narrow_experts_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"

namespace moescope {
namespace {

/// sum + bias, and of that what is above 0 when it is rectified.
template <bool rectified>
struct Bias {
  const float* bias;
  template <class Part>
  Vec begin(int64_t column, Part part) const {
    return load(bias + column, part);
  }
  template <class Part>
  Vec end(Vec sum, const float*, Part) const {
    return rectified ? at_least(sum, 0) : sum;
  }
  Bias moved(int64_t columns) const { return {bias + columns}; }
};

/// The sum where `hidden`, laid out like the result, is above 0.
struct WhereAbove0 {
  const float *hidden, *result;
  template <class Part>
  Vec begin(int64_t, Part) const {
    return zeros();
  }
  template <class Part>
  Vec end(Vec sum, const float* out, Part part) const {
    return choose(is_below(zeros(), load(hidden + (out - result), part)), sum, zeros());
  }
  WhereAbove0 moved(int64_t) const { return *this; }
};

/// Rows whose hidden numbers take 12 KiB, a multiple of the tallest tile: with 24 KiB an update took a tenth longer on
/// a busy machine.
int64_t rows_at_once(const NarrowExpert& s) {
  const int64_t rows = 3072 / s.hidden / 12 * 12;
  return rows < 12 ? 12 : rows;
}

int64_t forward_scratch(const NarrowExpert& s) { return rows_at_once(s) * s.hidden; }

void forward(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, float* hidden, float* y,
             float* scratch) {
  const int64_t D = s.width, H = s.hidden, most = rows_at_once(s);
  for (int64_t r = 0; r < rows; r += most) {
    const int64_t now = rows - r < most ? rows - r : most;
    float* h = hidden ? hidden + r * H : scratch;
    small_gemm(now, H, D, x + r * D, D, 1, n.w1, H, h, H, false, Bias<true>{n.b1});
    small_gemm(now, D, H, h, H, 1, n.w2, D, y + r * D, D, false, Bias<false>{n.b2});
  }
}

/// to[j] += sum over rows of from[r,j]
void add_columns(const float* from, int64_t rows, int64_t columns, float* to) {
  for_vectors(columns, [&](int64_t j, auto part) {
    Vec sum = load(to + j, part);
    for (int64_t r = 0; r < rows; ++r) sum = sum + load(from + r * columns + j, part);
    store(to + j, sum, part);
  });
}

// Both matrices transposed, then the gradient of a block's hidden layer.
int64_t backward_scratch(const NarrowExpert& s) {
  return s.hidden * padded(s.width) + s.width * padded(s.hidden) + rows_at_once(s) * s.hidden;
}

void backward(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, const float* hidden,
              const float* dy, float* dx, const ExpertGradients& g, float* scratch) {
  const int64_t D = s.width, H = s.hidden, most = rows_at_once(s);
  float *w1_transposed = scratch, *w2_transposed = w1_transposed + H * padded(D), *dh = w2_transposed + D * padded(H);
  transpose(n.w1, D, H, H, w1_transposed, padded(D));
  transpose(n.w2, H, D, D, w2_transposed, padded(H));
  for (int64_t r = 0; r < rows; r += most) {
    const int64_t now = rows - r < most ? rows - r : most;
    const float *h = hidden + r * H, *dy_r = dy + r * D, *x_r = x + r * D;
    small_gemm(now, H, D, dy_r, D, 1, w2_transposed, padded(H), dh, H, false, WhereAbove0{h, dh});
    small_gemm(H, D, now, h, 1, H, dy_r, D, g.w2, D, true);
    add_columns(dy_r, now, D, g.b2);
    small_gemm(D, H, now, x_r, 1, D, dh, H, g.w1, H, true);
    add_columns(dh, now, H, g.b1);
    small_gemm(now, D, H, dh, H, 1, w1_transposed, padded(D), dx + r * D, D);
  }
}

constexpr NarrowExpertKernels kVectorNarrowExpert = {forward_scratch, backward_scratch, forward, backward};

}  // namespace
}  // namespace moescope
