// The step of norm_lanes.h in vectors. Included only by norm_lanes_avx2.cpp and norm_lanes_avx512.cpp.
#pragma once

#include "compute/ops/vector/vector_math.h"
#include "compute/studies/norm_lanes.h"

namespace moescope {
namespace {

/// What one vector of inputs needs on the way there and back.
struct NormLanes {
  Vec x[kNormNumbers];
  Vec dispatch[kNormMost], combine[kNormMost];  // (tokens, experts)
  Vec slot[kNormMost];                          // (experts, width)
  Vec hidden[kNormMost];                        // (experts, hidden), after the ReLU
  Vec out[kNormMost], combine_sum[kNormMost];   // (experts)
};

/// Both softmaxes of the logits in l.combine.
inline void norm_weights(const NormModel& m, NormLanes& l) {
  const int64_t S = m.tokens, E = m.experts;
  for (int64_t e = 0; e < E; ++e) {
    Vec most = l.combine[e], sum = zeros();
    for (int64_t t = 1; t < S; ++t) most = larger(most, l.combine[t * E + e]);
    for (int64_t t = 0; t < S; ++t) sum = sum + (l.dispatch[t * E + e] = exp(l.combine[t * E + e] - most));
    const Vec share = all(1) / sum;
    for (int64_t t = 0; t < S; ++t) l.dispatch[t * E + e] = l.dispatch[t * E + e] * share;
  }
  for (int64_t t = 0; t < S; ++t) {
    Vec* row = l.combine + t * E;
    Vec most = row[0], sum = zeros();
    for (int64_t e = 1; e < E; ++e) most = larger(most, row[e]);
    for (int64_t e = 0; e < E; ++e) sum = sum + (row[e] = exp(row[e] - most));
    const Vec share = all(1) / sum;
    for (int64_t e = 0; e < E; ++e) row[e] = row[e] * share;
  }
}

/// The prediction. v (experts, hidden): the second kernel summed over its outputs, which are all added up.
inline Vec norm_forward(const NormModel& m, const float* v, NormLanes& l) {
  const int64_t S = m.tokens, D = m.width, E = m.experts, H = m.hidden;
  for (int64_t t = 0; t < S; ++t) {
    for (int64_t e = 0; e < E; ++e) {
      Vec logit = zeros();
      for (int64_t j = 0; j < D; ++j) logit = fma(l.x[t * D + j], all(m.mu[j * E + e]), logit);
      l.combine[t * E + e] = logit;
    }
  }
  norm_weights(m, l);
  Vec predicted = zeros();
  for (int64_t e = 0; e < E; ++e) {
    for (int64_t j = 0; j < D; ++j) {
      Vec slot = zeros();
      for (int64_t t = 0; t < S; ++t) slot = fma(l.dispatch[t * E + e], l.x[t * D + j], slot);
      l.slot[e * D + j] = slot;
    }
    Vec out = zeros(), weight = zeros();
    for (int64_t k = 0; k < H; ++k) {
      Vec sum = zeros();
      for (int64_t j = 0; j < D; ++j) sum = fma(l.slot[e * D + j], all(m.w1[(e * D + j) * H + k]), sum);
      l.hidden[e * H + k] = larger(sum, zeros());
      out = fma(l.hidden[e * H + k], all(v[e * H + k]), out);
    }
    for (int64_t t = 0; t < S; ++t) weight = weight + l.combine[t * E + e];
    l.out[e] = out, l.combine_sum[e] = weight;
    predicted = fma(weight, out, predicted);
  }
  return predicted;
}

inline void norm_add(float* to, Vec a, Vec b) { store(to, fma(a, b, load(to, Whole{})), Whole{}); }

/// g: the derivative of the loss by the prediction. Sums by lane: dmu (D,E), dw1 (E,D,H), dv (E,H).
inline void norm_backward(const NormModel& m, const float* v, Vec g, const NormLanes& l, float* dmu, float* dw1,
                          float* dv) {
  constexpr int64_t L = Vec::kLanes;
  const int64_t S = m.tokens, D = m.width, E = m.experts, H = m.hidden;
  Vec dlogit[kNormMost];
  for (int64_t t = 0; t < S; ++t) {
    Vec mean = zeros();
    for (int64_t e = 0; e < E; ++e) mean = fma(l.combine[t * E + e], l.out[e], mean);
    for (int64_t e = 0; e < E; ++e) dlogit[t * E + e] = l.combine[t * E + e] * (g * (l.out[e] - mean));
  }
  for (int64_t e = 0; e < E; ++e) {
    const Vec dout = g * l.combine_sum[e];
    Vec dslot[kNormNumbers];
    for (int64_t j = 0; j < D; ++j) dslot[j] = zeros();
    for (int64_t k = 0; k < H; ++k) {
      const Vec hidden = l.hidden[e * H + k];
      norm_add(dv + (e * H + k) * L, dout, hidden);
      const Vec dsum = choose(is_below(zeros(), hidden), dout * all(v[e * H + k]), zeros());
      for (int64_t j = 0; j < D; ++j) {
        const int64_t at = (e * D + j) * H + k;
        norm_add(dw1 + at * L, l.slot[e * D + j], dsum);
        dslot[j] = fma(dsum, all(m.w1[at]), dslot[j]);
      }
    }
    Vec mean = zeros(), of_token[kNormNumbers];
    for (int64_t t = 0; t < S; ++t) {
      of_token[t] = zeros();
      for (int64_t j = 0; j < D; ++j) of_token[t] = fma(dslot[j], l.x[t * D + j], of_token[t]);
      mean = fma(l.dispatch[t * E + e], of_token[t], mean);
    }
    for (int64_t t = 0; t < S; ++t) {
      const Vec d = fma(l.dispatch[t * E + e], of_token[t] - mean, dlogit[t * E + e]);
      for (int64_t j = 0; j < D; ++j) norm_add(dmu + (j * E + e) * L, l.x[t * D + j], d);
    }
  }
}

inline void norm_reduce(const float* lanes, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += sum(load(lanes + i * Vec::kLanes, Whole{}));
}

inline double norm_step_vector(const NormModel& m, const float* x, const float* lengths, int64_t inputs, float weight,
                               float* scratch) {
  constexpr int64_t L = Vec::kLanes;
  const int64_t D = m.width, E = m.experts, H = m.hidden;
  float v[kNormMost];
  for (int64_t i = 0; i < E * H; ++i) {
    v[i] = 0;
    for (int64_t j = 0; j < D; ++j) v[i] += m.w2[i * D + j];
  }
  float *dmu = scratch, *dw1 = dmu + D * E * L, *dv = dw1 + E * D * H * L, *end = dv + E * H * L;
  for (float* p = scratch; p < end; ++p) *p = 0;
  NormLanes l;
  double loss = 0;
  for (int64_t i = 0; i < inputs; i += L) {
    for (int64_t j = 0; j < kNormNumbers; ++j) l.x[j] = load(x + j * inputs + i, Whole{});
    const Vec error = norm_forward(m, v, l) - load(lengths + i, Whole{});
    loss += static_cast<double>(sum(error * error));
    norm_backward(m, v, error * all(2 * weight), l, dmu, dw1, dv);
  }
  norm_reduce(dmu, D * E, m.dmu);
  norm_reduce(dw1, E * D * H, m.dw1);
  for (int64_t i = 0; i < E * H; ++i) {
    const float gradient = sum(load(dv + i * L, Whole{}));
    for (int64_t j = 0; j < D; ++j) m.dw2[i * D + j] += gradient;
  }
  return loss;
}

}  // namespace
}  // namespace moescope
