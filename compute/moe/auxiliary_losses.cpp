// The three losses of one group, with sums over tokens in double.
#include "compute/moe/auxiliary_losses.h"

#include <algorithm>

#include "compute/moe/loop_math.h"

namespace moescope {
namespace {

constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;

/// column sums of x (S,E) into sums, through doubles.
void column_sums(const float* x, int64_t tokens, int64_t experts, double* scratch, float* sums) {
  std::fill(scratch, scratch + experts, 0.0);
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t e = 0; e < experts; ++e) scratch[e] += x[t * experts + e];
  for (int64_t e = 0; e < experts; ++e) sums[e] = static_cast<float>(scratch[e]);
}

/// The k-th largest noisy logit of token t: what a clean logit must beat with a fresh draw.
float threshold(const GroupScores& s, int64_t t) { return s.noisy_logits[t * s.experts + s.expert[t * s.k + s.k - 1]]; }

/// Mean over tokens of P(logit + fresh noise > threshold).
void mean_chances(const GroupScores& s, double* scratch, float* chances) {
  const float to_erfc = static_cast<float>(kInverseSqrt2) / s.noise_deviation;
  std::fill(scratch, scratch + s.experts, 0.0);
  for (int64_t t = 0; t < s.tokens; ++t) {
    const float tau = threshold(s, t);
    const float* logits = s.logits + t * s.experts;
    for (int64_t e = 0; e < s.experts; ++e) scratch[e] += 0.5f * loop_erfc((tau - logits[e]) * to_erfc);
  }
  for (int64_t e = 0; e < s.experts; ++e) chances[e] = static_cast<float>(scratch[e] / static_cast<double>(s.tokens));
}

void first_choice_shares(const GroupScores& s, float* shares) {
  std::fill(shares, shares + s.experts, 0.0f);
  for (int64_t t = 0; t < s.tokens; ++t) shares[s.expert[t * s.k]] += 1;
  for (int64_t e = 0; e < s.experts; ++e) shares[e] /= static_cast<float>(s.tokens);
}

struct Moments {
  double mean, variance;
};

Moments moments(const float* v, int64_t n) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < n; ++i) mean += v[i];
  mean /= static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) variance += (v[i] - mean) * (v[i] - mean);
  return {mean, variance / static_cast<double>(n)};
}

/// dlogits += gates * (dgates - rowsum(gates * dgates)), where dgates is the same row for every token.
void through_softmax(const float* gates, int64_t tokens, int64_t experts, const float* dgates, float* dlogits) {
  for (int64_t t = 0; t < tokens; ++t, gates += experts, dlogits += experts) {
    float dot = 0;
    for (int64_t e = 0; e < experts; ++e) dot += gates[e] * dgates[e];
    for (int64_t e = 0; e < experts; ++e) dlogits[e] += gates[e] * (dgates[e] - dot);
  }
}

/// The chance falls as the threshold rises: what a token's logits gain, its threshold's logit loses.
void load_backward(const GroupScores& s, const float* dchances, float* gain, float* dlogits) {
  const float inverse = 1 / s.noise_deviation;
  const float density = static_cast<float>(kInverseSqrt2Pi / static_cast<double>(s.tokens)) * inverse;
  for (int64_t t = 0; t < s.tokens; ++t) {
    const float tau = threshold(s, t);
    const float* logits = s.logits + t * s.experts;
    for (int64_t e = 0; e < s.experts; ++e) {
      const float q = (tau - logits[e]) * inverse;
      gain[e] = loop_exp(-0.5f * q * q) * density * dchances[e];
    }
    float* row = dlogits + t * s.experts;
    float total = 0;
    for (int64_t e = 0; e < s.experts; ++e) row[e] += gain[e];
    for (int64_t e = 0; e < s.experts; ++e) total += gain[e];
    row[s.expert[t * s.k + s.k - 1]] -= total;
  }
}

}  // namespace

double cv_squared(const float* v, int64_t n) {
  const Moments m = moments(v, n);
  return m.mean == 0 ? 0 : m.variance / (m.mean * m.mean);
}

void cv_squared_gradient(const float* v, int64_t n, double weight, float* out) {
  const Moments m = moments(v, n);
  const double factor = m.mean == 0 ? 0 : 2 * weight / (static_cast<double>(n) * m.mean * m.mean);
  const double shift = m.mean == 0 ? 0 : m.mean + m.variance / m.mean;
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(factor * (v[i] - shift));
}

AuxiliaryLosses group_losses(const GroupScores& s, float* sums, double* scratch) {
  AuxiliaryLosses losses;
  float *importance = sums, *chances = sums + s.experts, *shares = sums + 2 * s.experts;
  column_sums(s.clean_gates, s.tokens, s.experts, scratch, importance);
  losses.importance = cv_squared(importance, s.experts);
  if (s.noise_deviation > 0) {
    mean_chances(s, scratch, chances);
    losses.load = cv_squared(chances, s.experts);
  }
  // shares serves for the gates' sums first: with noise they differ from the importance
  column_sums(s.gates, s.tokens, s.experts, scratch, shares);
  first_choice_shares(s, shares);
  for (int64_t e = 0; e < s.experts; ++e) losses.gshard += shares[e] * scratch[e];
  losses.gshard *= static_cast<double>(s.experts) / static_cast<double>(s.tokens);
  return losses;
}

void gshard_backward(const GroupScores& s, const float* sums, double weight, float* dgates) {
  const float* shares = sums + 2 * s.experts;
  const float factor = static_cast<float>(weight * static_cast<double>(s.experts) / static_cast<double>(s.tokens));
  for (int64_t t = 0; t < s.tokens; ++t)
    for (int64_t e = 0; e < s.experts; ++e) dgates[t * s.experts + e] += factor * shares[e];
}

void balance_backward(const GroupScores& s, const float* sums, const AuxiliaryLosses& weights, float* dlogits,
                      float* scratch) {
  if (weights.importance > 0) {
    cv_squared_gradient(sums, s.experts, weights.importance, scratch);
    through_softmax(s.clean_gates, s.tokens, s.experts, scratch, dlogits);
  }
  if (weights.load > 0 && s.noise_deviation > 0) {
    cv_squared_gradient(sums + s.experts, s.experts, weights.load, scratch);
    load_backward(s, scratch, scratch + s.experts, dlogits);
  }
}

}  // namespace moescope
