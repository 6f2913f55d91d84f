// The step of single_layer_lanes.h in vectors. Included only by single_layer_lanes_avx2.cpp and _avx512.cpp.
//
// Rows of a block are kLaneImages numbers, one an image. The four tokens' rows of one number of their width stand
// together: apart, at multiples of the same stride, each store would hold up the loads of another token. The way back
// makes each expert's slots and outputs again: that is cheaper than bringing them back from memory.
#pragma once

#include "compute/ops/vector/small_gemm_vector.h"
#include "compute/ops/vector/vector_math.h"
#include "compute/studies/single_layer_lanes.h"

namespace moescope {
namespace {

constexpr int64_t kRow = kLaneImages;

/// Where a block's numbers lie in the scratch.
struct LaneBlock {
  int64_t lanes;                // images, up to the next whole vector: fewer than a row has in the last block
  const float* x;               // (D*T) unit tokens
  float* y;                     // (D*T) what the tokens take from the slots, then its gradient
  float *dispatch, *combine;    // (T*E)
  float *ddispatch, *dcombine;  // (T*E)
  float* dlogits;               // (T*E)
  float* hidden;                // (E*H) after the ReLU
  float *slot, *out;            // (D) of up to four experts, then their gradients
  float* dhidden;               // (H) of one expert
  float *scores, *dscores;      // (classes)
  float *most, *total;          // of the scores
  float* turned;                // (images, columns): images no longer in lanes but in rows
  float* turned_hidden;         // (images, H padded), zeros in the padding
  float *dw1, *dw2;             // (E,D,H padded) over all blocks; dw2 the other way round than the parameter
};

inline float* lane_take(float*& scratch, int64_t rows) {
  float* taken = scratch;
  scratch += rows * kRow;
  return taken;
}

inline LaneBlock lane_block(const LaneModel& m, float* scratch) {
  const int64_t tokens = kLaneTokens * m.width, weights = kLaneTokens * m.experts;
  LaneBlock b{};
  b.y = lane_take(scratch, tokens);
  b.dispatch = lane_take(scratch, weights), b.combine = lane_take(scratch, weights);
  b.ddispatch = lane_take(scratch, weights), b.dcombine = lane_take(scratch, weights);
  b.dlogits = lane_take(scratch, weights);
  b.hidden = lane_take(scratch, m.experts * m.hidden);
  b.slot = lane_take(scratch, 4 * m.width), b.out = lane_take(scratch, 4 * m.width);
  b.dhidden = lane_take(scratch, m.hidden);
  b.scores = lane_take(scratch, m.classes), b.dscores = lane_take(scratch, m.classes);
  b.most = lane_take(scratch, 1), b.total = lane_take(scratch, 1);
  b.turned = lane_take(scratch, padded(m.experts) + padded(m.classes));
  b.turned_hidden = lane_take(scratch, padded(m.hidden));
  for (int64_t i = 0; i < padded(m.hidden) * kRow; ++i) b.turned_hidden[i] = 0;
  b.dw1 = scratch;
  b.dw2 = b.dw1 + m.experts * m.width * padded(m.hidden);
  return b;
}

template <class Body>
inline void for_lanes(const LaneBlock& b, Body&& body) {
  for (int64_t i = 0; i < b.lanes; i += Vec::kLanes) body(i);
}

inline Vec at(const float* rows, int64_t row, int64_t lane) { return load(rows + row * kRow + lane, Whole{}); }
inline void put(float* rows, int64_t row, int64_t lane, Vec v) { store(rows + row * kRow + lane, v, Whole{}); }

constexpr int64_t kTokenRow = kLaneTokens * kRow;  // from one number of a token to the next

/// rows (n) of to = a of the given strides times rows (depth) of from.
inline void lane_product(const LaneBlock& b, int64_t n, int64_t depth, const float* a, int64_t a_row, int64_t a_column,
                         const float* from, float* to) {
  small_gemm(n, b.lanes, depth, a, a_row, a_column, from, kRow, to, kRow);
}

/// b (columns) as rows of images.
inline void lane_turn(int64_t columns, const float* b, float* turned) {
  transpose(b, columns, kRow, kRow, turned, padded(columns));
}
/// to (rows, columns) += the sum over images of rows (rows) of a, a_row apart, times columns of what was turned.
inline void lane_outer_product(const LaneBlock& b, int64_t rows, int64_t columns, const float* a, int64_t a_row,
                               float* to) {
  small_gemm(rows, columns, b.lanes, a, a_row, 1, b.turned, padded(columns), to, columns, true);
}
/// to (D, H padded), of which the first block's sum is the beginning, += the same for turned_hidden. Whole vectors: a
/// part of one, stored, holds up loads of its neighbours.
inline void lane_kernel_gradient(const LaneModel& m, const float* a, const LaneBlock& b, bool first_block, float* to) {
  const int64_t columns = padded(m.hidden);
  small_gemm(m.width, columns, b.lanes, a, kRow, 1, b.turned_hidden, columns, to, columns, !first_block);
}

/// Both softmaxes of the logits in b.combine, in place.
inline void lane_weights(int64_t experts, LaneBlock& b) {
  for_lanes(b, [&](int64_t i) {
    for (int64_t e = 0; e < experts; ++e) {
      Vec most = at(b.combine, e, i), sum = zeros(), power[kLaneTokens];
      for (int64_t t = 1; t < kLaneTokens; ++t) most = larger(most, at(b.combine, t * experts + e, i));
      for (int64_t t = 0; t < kLaneTokens; ++t) sum = sum + (power[t] = exp(at(b.combine, t * experts + e, i) - most));
      const Vec share = all(1) / sum;
      for (int64_t t = 0; t < kLaneTokens; ++t) put(b.dispatch, t * experts + e, i, power[t] * share);
    }
    for (int64_t t = 0; t < kLaneTokens; ++t) {
      float* row = b.combine + t * experts * kRow;
      Vec most = at(row, 0, i), sum = zeros();
      for (int64_t e = 1; e < experts; ++e) most = larger(most, at(row, e, i));
      for (int64_t e = 0; e < experts; ++e) {
        const Vec power = exp(at(row, e, i) - most);
        put(row, e, i, power);
        sum = sum + power;
      }
      const Vec share = all(1) / sum;
      for (int64_t e = 0; e < experts; ++e) put(row, e, i, at(row, e, i) * share);
    }
  });
}

/// Both softmaxes' way back.
inline void lane_weights_backward(int64_t experts, const LaneBlock& b) {
  for_lanes(b, [&](int64_t i) {
    for (int64_t t = 0; t < kLaneTokens; ++t) {
      const int64_t first = t * experts;
      Vec mean = zeros();
      for (int64_t e = first; e < first + experts; ++e) mean = fma(at(b.combine, e, i), at(b.dcombine, e, i), mean);
      for (int64_t e = first; e < first + experts; ++e)
        put(b.dlogits, e, i, at(b.combine, e, i) * (at(b.dcombine, e, i) - mean));
    }
    for (int64_t e = 0; e < experts; ++e) {
      Vec mean = zeros();
      for (int64_t t = e; t < kLaneTokens * experts; t += experts)
        mean = fma(at(b.dispatch, t, i), at(b.ddispatch, t, i), mean);
      for (int64_t t = e; t < kLaneTokens * experts; t += experts)
        put(b.dlogits, t, i, fma(at(b.dispatch, t, i), at(b.ddispatch, t, i) - mean, at(b.dlogits, t, i)));
    }
  });
}

// What follows takes kExperts experts at a time through the tokens: these do not fit the nearest cache, and so are read
// once for all of them.

/// weights (tokens, kExperts) of one vector of images.
template <int kExperts>
inline void lane_load_weights(const LaneModel& m, const float* weights, int64_t e, int64_t i, Vec (&to)[kExperts][4]) {
  for (int j = 0; j < kExperts; ++j)
    for (int t = 0; t < 4; ++t) to[j][t] = at(weights, t * m.experts + e + j, i);
}

/// mixtures (kExperts, D) = the experts' weights (tokens, kExperts) times tokens (D*T).
template <int kExperts>
inline void lane_mix(const LaneModel& m, int64_t e, const LaneBlock& b, const float* weights, const float* tokens,
                     float* mixtures) {
  for_lanes(b, [&](int64_t i) {
    Vec weight[kExperts][4];
    lane_load_weights(m, weights, e, i, weight);
    for (int64_t d = 0; d < m.width; ++d) {
      Vec x[4];
#pragma GCC unroll 4
      for (int t = 0; t < 4; ++t) x[t] = at(tokens, d * 4 + t, i);
#pragma GCC unroll 4
      for (int j = 0; j < kExperts; ++j)
        put(mixtures, j * m.width + d, i,
            fma(weight[j][0], x[0], weight[j][1] * x[1]) + fma(weight[j][2], x[2], weight[j][3] * x[3]));
    }
  });
}

/// The experts' slots: their mixtures of the tokens.
template <int kExperts>
inline void lane_dispatch(const LaneModel& m, int64_t e, const LaneBlock& b) {
  lane_mix<kExperts>(m, e, b, b.dispatch, b.x, b.slot);
}

/// The gradient of the experts' outputs.
template <int kExperts>
inline void lane_combine_backward(const LaneModel& m, int64_t e, const LaneBlock& b) {
  lane_mix<kExperts>(m, e, b, b.combine, b.y, b.out);
}

/// y += what the tokens take from the experts' outputs.
template <int kExperts>
inline void lane_combine(const LaneModel& m, int64_t e, const LaneBlock& b) {
  for_lanes(b, [&](int64_t i) {
    Vec weight[kExperts][4];
    lane_load_weights(m, b.combine, e, i, weight);
    for (int64_t d = 0; d < m.width; ++d) {
      Vec out[kExperts];
#pragma GCC unroll 4
      for (int j = 0; j < kExperts; ++j) out[j] = at(b.out, j * m.width + d, i);
#pragma GCC unroll 4
      for (int t = 0; t < 4; ++t) {
        Vec y = e > 0 ? at(b.y, d * 4 + t, i) : zeros();
#pragma GCC unroll 4
        for (int j = 0; j < kExperts; ++j) y = fma(weight[j][t], out[j], y);
        put(b.y, d * 4 + t, i, y);
      }
    }
  });
}

/// The gradient of weights: the products of tokens (D*T) with what experts made of them or gave them (kExperts, D).
template <int kExperts>
inline void lane_weight_gradients(const LaneModel& m, int64_t e, const LaneBlock& b, const float* tokens,
                                  const float* of_experts, float* dweights) {
  for_lanes(b, [&](int64_t i) {
    Vec dweight[kExperts][4];
    for (int j = 0; j < kExperts; ++j)
      for (int t = 0; t < 4; ++t) dweight[j][t] = zeros();
    for (int64_t d = 0; d < m.width; ++d) {
      Vec x[4];
#pragma GCC unroll 4
      for (int t = 0; t < 4; ++t) x[t] = at(tokens, d * 4 + t, i);
#pragma GCC unroll 4
      for (int j = 0; j < kExperts; ++j) {
        const Vec one = at(of_experts, j * m.width + d, i);
#pragma GCC unroll 4
        for (int t = 0; t < 4; ++t) dweight[j][t] = fma(one, x[t], dweight[j][t]);
      }
    }
    for (int j = 0; j < kExperts; ++j)
      for (int t = 0; t < 4; ++t) put(dweights, t * m.experts + e + j, i, dweight[j][t]);
  });
}

/// Rows of expert e + j in what holds kExperts of them.
inline float* lane_of(float* rows, int64_t j, int64_t each) { return rows + j * each * kRow; }

/// The experts' outputs from their hidden numbers.
template <int kExperts>
inline void lane_outputs(const LaneModel& m, int64_t e, const LaneBlock& b) {
  for (int64_t j = 0; j < kExperts; ++j)
    lane_product(b, m.width, m.hidden, m.w2 + (e + j) * m.hidden * m.width, 1, m.width,
                 lane_of(b.hidden, e + j, m.hidden), lane_of(b.out, j, m.width));
}

template <int kExperts>
inline void lane_experts(const LaneModel& m, int64_t e, const LaneBlock& b) {
  const int64_t D = m.width, H = m.hidden;
  lane_dispatch<kExperts>(m, e, b);
  for (int64_t j = 0; j < kExperts; ++j) {
    float* hidden = lane_of(b.hidden, e + j, H);
    lane_product(b, H, D, m.w1 + (e + j) * D * H, 1, H, lane_of(b.slot, j, D), hidden);
    for (int64_t i = 0; i < H * kRow; i += Vec::kLanes)
      store(hidden + i, larger(load(hidden + i, Whole{}), zeros()), Whole{});
  }
  lane_outputs<kExperts>(m, e, b);
  lane_combine<kExperts>(m, e, b);
}

/// The head's scores of `count` images, their cross entropies' sum, and its derivative by the scores times `weight`.
inline double lane_loss(const LaneModel& m, const int32_t* labels, int64_t count, float weight, const LaneBlock& b) {
  for (int64_t t = 0; t < kLaneTokens; ++t)
    small_gemm(m.classes, b.lanes, m.width, m.head + t * m.width * m.classes, 1, m.classes, b.y + t * kRow, kTokenRow,
               b.scores, kRow, t > 0);
  for_lanes(b, [&](int64_t i) {
    Vec most = at(b.scores, 0, i), total = zeros();
    for (int64_t c = 1; c < m.classes; ++c) most = larger(most, at(b.scores, c, i));
    for (int64_t c = 0; c < m.classes; ++c) {
      const Vec power = exp(at(b.scores, c, i) - most);
      put(b.dscores, c, i, power);
      total = total + power;
    }
    const Vec share = all(weight) / total;
    for (int64_t c = 0; c < m.classes; ++c) put(b.dscores, c, i, at(b.dscores, c, i) * share);
    put(b.most, 0, i, most), put(b.total, 0, i, total);
  });
  double loss = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at_label = labels[i] * kRow + i;
    loss += __builtin_log(static_cast<double>(b.total[i])) - static_cast<double>(b.scores[at_label] - b.most[i]);
    b.dscores[at_label] -= weight;
  }
  for (int64_t i = count; i < b.lanes; ++i)
    for (int64_t c = 0; c < m.classes; ++c) b.dscores[c * kRow + i] = 0;
  return loss;
}

/// The gradients of the experts' parameters, and of their dispatch and combine weights.
template <int kExperts>
inline void lane_experts_backward(const LaneModel& m, int64_t e, bool first_block, const LaneBlock& b) {
  const int64_t D = m.width, H = m.hidden;
  lane_dispatch<kExperts>(m, e, b);
  lane_outputs<kExperts>(m, e, b);
  lane_weight_gradients<kExperts>(m, e, b, b.y, b.out, b.dcombine);
  lane_combine_backward<kExperts>(m, e, b);
  for (int64_t j = 0; j < kExperts; ++j) {
    const int64_t at_weights = (e + j) * D * H, at_gradients = (e + j) * D * padded(H);
    const float* hidden = lane_of(b.hidden, e + j, H);
    float *slot = lane_of(b.slot, j, D), *dout = lane_of(b.out, j, D);
    lane_product(b, H, D, m.w2 + at_weights, D, 1, dout, b.dhidden);
    for (int64_t i = 0; i < H * kRow; i += Vec::kLanes) {
      const Vec works = load(hidden + i, Whole{});
      store(b.dhidden + i, choose(is_below(zeros(), works), load(b.dhidden + i, Whole{}), zeros()), Whole{});
    }
    lane_turn(H, hidden, b.turned_hidden);
    lane_kernel_gradient(m, dout, b, first_block, b.dw2 + at_gradients);
    lane_turn(H, b.dhidden, b.turned_hidden);
    lane_kernel_gradient(m, slot, b, first_block, b.dw1 + at_gradients);
    lane_product(b, D, H, m.w1 + at_weights, H, 1, b.dhidden, slot);  // its gradient in the slot's place
  }
  lane_weight_gradients<kExperts>(m, e, b, b.x, b.slot, b.ddispatch);
}

inline double lane_step_vector(const LaneModel& m, const LaneImages& images, float weight, float* scratch) {
  const int64_t D = m.width, E = m.experts, H = m.hidden, classes = m.classes;
  LaneBlock b = lane_block(m, scratch);
  double loss = 0;
  for (int64_t first = 0; first < images.count; first += kRow) {
    const int64_t left = images.count - first, count = left < kRow ? left : kRow;
    b.lanes = (count + Vec::kLanes - 1) / Vec::kLanes * Vec::kLanes;
    b.x = images.tokens + first * kLaneTokens * D;
    for (int64_t t = 0; t < kLaneTokens; ++t)
      small_gemm(E, b.lanes, D, m.phi, 1, E, b.x + t * kRow, kTokenRow, b.combine + t * E * kRow, kRow);
    lane_weights(E, b);
    int64_t e = 0;
    for (; e + 4 <= E; e += 4) lane_experts<4>(m, e, b);
    for (; e < E; ++e) lane_experts<1>(m, e, b);
    loss += lane_loss(m, images.labels + first, count, weight, b);
    lane_turn(classes, b.dscores, b.turned);
    for (int64_t t = 0; t < kLaneTokens; ++t) {
      lane_outer_product(b, D, classes, b.y + t * kRow, kTokenRow, m.dhead + t * D * classes);
      small_gemm(D, b.lanes, classes, m.head + t * D * classes, classes, 1, b.dscores, kRow, b.y + t * kRow, kTokenRow);
    }
    for (e = 0; e + 4 <= E; e += 4) lane_experts_backward<4>(m, e, first == 0, b);
    for (; e < E; ++e) lane_experts_backward<1>(m, e, first == 0, b);
    lane_weights_backward(E, b);
    for (int64_t t = 0; t < kLaneTokens; ++t) {
      lane_turn(E, b.dlogits + t * E * kRow, b.turned);
      lane_outer_product(b, D, E, b.x + t * kRow, kTokenRow, m.dphi);
    }
  }
  for (int64_t e = 0; e < E; ++e) {
    const int64_t from = e * D * padded(H);
    transpose(b.dw2 + from, D, H, padded(H), m.dw2 + e * D * H, D);
    for (int64_t d = 0; d < D; ++d)
      for_vectors(H, [&](int64_t i, auto part) {
        store(m.dw1 + (e * D + d) * H + i, load(b.dw1 + from + d * padded(H) + i, part), part);
      });
  }
  return loss;
}

}  // namespace
}  // namespace moescope
