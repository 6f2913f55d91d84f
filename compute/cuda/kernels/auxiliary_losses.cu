// Column sums of the scores per group, then one warp a group for the moments, then one thread for the means. The load
// loss's complementary error function is the device's own; the CPU's is good to 3e-7.
#include "compute/cuda/kernels/auxiliary_losses.h"

#include "compute/cuda/kernels/column_reduce.cuh"

namespace moescope::cuda {
namespace {

__host__ __device__ int64_t groups_of(const AuxiliaryScores& s) {
  return (s.tokens + s.group_tokens - 1) / s.group_tokens;
}
__device__ int64_t size_of(const AuxiliaryScores& s, int64_t group) {
  return smaller(s.group_tokens, s.tokens - group * s.group_tokens);
}

/// The k-th largest noisy logit of a token: what a clean logit must beat with a fresh draw.
__device__ float threshold(const AuxiliaryScores& s, int64_t token) {
  return s.noisy_logits[token * s.experts + s.expert[token * s.k + s.k - 1]];
}

/// Clean gate, chance, gate, and whether the expert is the token's first choice.
struct ScoreTerm {
  AuxiliaryScores s;
  __device__ Values<4> operator()(int64_t group, int64_t row, int64_t e) const {
    const int64_t token = group * s.group_tokens + row, at = token * s.experts + e;
    if (token >= s.tokens) return {};  // a short last group
    const float z = s.noise_deviation > 0 ? (threshold(s, token) - s.logits[at]) / s.noise_deviation : 0;
    const float chance = s.noise_deviation > 0 ? 0.5f * erfcf(z * 0.707106781f) : 0;
    return {s.clean_gates[at], chance, s.gates[at], s.expert[token * s.k] == e ? 1.0f : 0.0f};
  }
};

struct Moments {
  double mean, variance;
};
/// Of n numbers, by the whole warp. A lane reads what it wrote itself.
__device__ Moments moments(const float* v, int64_t n) {
  double sum = 0, squares = 0;
  for (int64_t i = threadIdx.x; i < n; i += kWarp) sum += v[i];
  const double mean = warp_sum(sum) / static_cast<double>(n);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) squares += (v[i] - mean) * (v[i] - mean);
  return {mean, warp_sum(squares) / static_cast<double>(n)};
}
__device__ double cv_squared(const Moments& m) { return m.mean == 0 ? 0 : m.variance / (m.mean * m.mean); }

/// partials (G,stretches,4,E); one warp a group.
__global__ void finish_groups(AuxiliaryLossesArguments a, int64_t stretches) {
  const int64_t group = row_of_warp(), experts = a.scores.experts;
  if (group >= groups_of(a.scores)) return;
  float *importance = a.group_sums + group * 3 * experts, *chances = importance + experts, *shares = chances + experts;
  const auto size = static_cast<double>(size_of(a.scores, group));
  double gshard = 0;
  for (int64_t e = threadIdx.x; e < experts; e += kWarp) {
    double sum[4] = {};
    for (int64_t s = 0; s < stretches; ++s)
      for (int v = 0; v < 4; ++v) sum[v] += a.workspace[((group * stretches + s) * 4 + v) * experts + e];
    importance[e] = static_cast<float>(sum[0]);
    chances[e] = static_cast<float>(sum[1] / size);
    shares[e] = static_cast<float>(sum[3] / size);
    gshard += shares[e] * sum[2];
  }
  gshard = warp_sum(gshard) * static_cast<double>(experts) / size;
  const double importance_loss = cv_squared(moments(importance, experts));
  const double load = a.scores.noise_deviation > 0 ? cv_squared(moments(chances, experts)) : 0;
  if (threadIdx.x != 0) return;
  a.group_losses[3 * group] = static_cast<float>(importance_loss);
  a.group_losses[3 * group + 1] = static_cast<float>(load);
  a.group_losses[3 * group + 2] = static_cast<float>(gshard);
}

__global__ void mean_losses(AuxiliaryLossesArguments a) {
  const int64_t groups = groups_of(a.scores);
  double mean[3] = {}, weighted = 0;
  for (int64_t g = 0; g < groups; ++g)
    for (int i = 0; i < 3; ++i) mean[i] += a.group_losses[3 * g + i] / static_cast<double>(groups);
  // A term of weight 0 is left out rather than multiplied: it may be infinite.
  if (a.weights.importance > 0) weighted += a.weights.importance * mean[0];
  if (a.weights.load > 0) weighted += a.weights.load * mean[1];
  if (a.weights.gshard > 0) weighted += a.weights.gshard * mean[2];
  for (int i = 0; i < 3; ++i) a.means[i] = static_cast<float>(mean[i]);
  a.means[3] = static_cast<float>(weighted);
}

__global__ void gate_gradients(AuxiliaryGateGradientArguments a) {
  const int64_t i = element_of_thread(), experts = a.scores.experts;
  if (i >= a.scores.tokens * experts) return;
  const Position p = position_of(i, experts);
  const int64_t group = quotient(p.row, a.scores.group_tokens);
  const float share = a.group_sums[(group * 3 + 2) * experts + p.column];
  a.dgates[i] += a.weight * static_cast<float>(experts) / static_cast<float>(size_of(a.scores, group)) * share;
}

/// The gradient of weight * CV²(v): 2 weight / (n m²) * (v - m - var/m), 0 where the mean is.
struct CvGradient {
  float factor, shift;
  __device__ float of(float v) const { return factor * (v - shift); }
};
__device__ CvGradient cv_gradient(const float* v, int64_t n, float weight) {
  const Moments m = moments(v, n);
  if (m.mean == 0) return {0, 0};
  return {static_cast<float>(2 * weight / (static_cast<double>(n) * m.mean * m.mean)),
          static_cast<float>(m.mean + m.variance / m.mean)};
}

__device__ void add_importance(const AuxiliaryLogitGradientArguments& a, int64_t token, const float* importance) {
  const int64_t n = a.scores.experts, at = token * n;
  const CvGradient d = cv_gradient(importance, n, a.weights.importance);
  float dot = 0;
  for (int64_t e = threadIdx.x; e < n; e += kWarp) dot += a.scores.clean_gates[at + e] * d.of(importance[e]);
  dot = warp_sum(dot);
  for (int64_t e = threadIdx.x; e < n; e += kWarp)
    a.dlogits[at + e] += a.scores.clean_gates[at + e] * (d.of(importance[e]) - dot);
}

/// What a token's logits gain, its threshold's logit loses.
__device__ void add_load(const AuxiliaryLogitGradientArguments& a, int64_t token, int64_t group, const float* chances) {
  const AuxiliaryScores& s = a.scores;
  const int64_t n = s.experts, at = token * n, last = s.expert[token * s.k + s.k - 1];
  const CvGradient d = cv_gradient(chances, n, a.weights.load);
  const float tau = threshold(s, token), inverse = 1 / s.noise_deviation;
  const float density = 0.398942280f / static_cast<float>(size_of(s, group)) * inverse;
  float total = 0;
  for (int64_t e = threadIdx.x; e < n; e += kWarp) {
    const float q = (tau - s.logits[at + e]) * inverse, gain = expf(-0.5f * q * q) * density * d.of(chances[e]);
    a.dlogits[at + e] += gain;
    total += gain;
  }
  total = warp_sum(total);
  if (last % kWarp == threadIdx.x) a.dlogits[at + last] -= total;
}

__global__ void logit_gradients(AuxiliaryLogitGradientArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.scores.tokens) return;
  const int64_t group = token / a.scores.group_tokens;
  const float* sums = a.group_sums + group * 3 * a.scores.experts;
  if (a.weights.importance > 0) add_importance(a, token, sums);
  if (a.weights.load > 0 && a.scores.noise_deviation > 0) add_load(a, token, group, sums + a.scores.experts);
}

}  // namespace

int64_t auxiliary_workspace_floats(int64_t tokens, int64_t group_tokens, int64_t experts) {
  return reduce_floats(4, (tokens + group_tokens - 1) / group_tokens, group_tokens, experts);
}

cudaError_t launch_auxiliary_losses(const AuxiliaryLossesArguments& a, cudaStream_t stream) {
  const AuxiliaryScores& s = a.scores;
  if (s.tokens == 0) return cudaSuccess;
  const int64_t groups = groups_of(s), stretches = stretches_of(s.group_tokens);
  MOESCOPE_LAUNCH(launch_stretches<4>(ScoreTerm{s}, groups, s.group_tokens, s.experts, a.workspace, stream));
  MOESCOPE_LAUNCH(launch(finish_groups, warp_per_row(groups), stream, a, stretches));
  return launch(mean_losses, {dim3(1), dim3(1)}, stream, a);
}

cudaError_t launch_auxiliary_gate_gradient(const AuxiliaryGateGradientArguments& a, cudaStream_t stream) {
  const int64_t size = a.scores.tokens * a.scores.experts;
  if (size == 0 || a.weight == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(gate_gradients, thread_per_element(size), stream, a);
}

cudaError_t launch_auxiliary_logit_gradient(const AuxiliaryLogitGradientArguments& a, cudaStream_t stream) {
  if (a.scores.tokens == 0 || (a.weights.importance <= 0 && a.weights.load <= 0)) return cudaSuccess;
  return launch(logit_gradients, warp_per_row(a.scores.tokens), stream, a);
}

}  // namespace moescope::cuda
