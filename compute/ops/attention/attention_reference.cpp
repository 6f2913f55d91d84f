// The definition of attention for one head: p = softmax(q kᵀ / sqrt(W)), out = p v. Sums in double.
#include <cmath>
#include <vector>

#include "compute/ops/attention/attention_kernels.h"

namespace moescope {
namespace {

double dot(const float* a, const float* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// p[j] = exp(s_j - max s) / sum, s_j = q_i . k_j / sqrt(W)
void probabilities_of_query(const AttentionHead& a, int64_t i, std::vector<double>& p) {
  const double factor = 1 / std::sqrt(static_cast<double>(a.width));
  double max = -INFINITY, sum = 0;
  for (int64_t j = 0; j < a.keys; ++j) {
    p[j] = factor * dot(a.q + i * a.q_stride, a.k + j * a.k_stride, a.width);
    max = p[j] > max ? p[j] : max;
  }
  for (double& p_j : p) sum += p_j = std::exp(p_j - max);
  for (double& p_j : p) p_j /= sum;
}

int64_t scratch_floats(int64_t, int64_t, int64_t) { return 0; }

void forward(const AttentionHead& a, float* out, int64_t out_stride, float* probabilities, float*) {
  std::vector<double> p(a.keys);
  for (int64_t i = 0; i < a.queries; ++i) {
    probabilities_of_query(a, i, p);
    for (int64_t w = 0; w < a.width; ++w) {
      double sum = 0;
      for (int64_t j = 0; j < a.keys; ++j) sum += p[j] * a.v[j * a.v_stride + w];
      out[i * out_stride + w] = static_cast<float>(sum);
    }
    if (probabilities)
      for (int64_t j = 0; j < a.keys; ++j) probabilities[i * a.keys + j] = static_cast<float>(p[j]);
  }
}

// dp_ij = dout_i . v_j;  ds_ij = p_ij * (dp_ij - sum_j p_ij dp_ij) / sqrt(W)
// dq_i = sum_j ds_ij k_j;  dk_j = sum_i ds_ij q_i;  dv_j = sum_i p_ij dout_i
void backward(const AttentionHead& a, const float* dout, int64_t dout_stride, float* dq, int64_t dq_stride, float* dk,
              int64_t dk_stride, float* dv, int64_t dv_stride, float*) {
  const double factor = 1 / std::sqrt(static_cast<double>(a.width));
  const int64_t width = a.width;
  std::vector<double> p(a.keys), ds(a.keys), dk_sum(a.keys * width), dv_sum(a.keys * width);
  for (int64_t i = 0; i < a.queries; ++i) {
    const float *q_i = a.q + i * a.q_stride, *dout_i = dout + i * dout_stride;
    probabilities_of_query(a, i, p);
    double mean = 0;
    for (int64_t j = 0; j < a.keys; ++j) mean += p[j] * (ds[j] = dot(dout_i, a.v + j * a.v_stride, width));
    for (int64_t j = 0; j < a.keys; ++j) ds[j] = factor * p[j] * (ds[j] - mean);
    for (int64_t w = 0; w < width; ++w) {
      double sum = 0;
      for (int64_t j = 0; j < a.keys; ++j) {
        sum += ds[j] * a.k[j * a.k_stride + w];
        dk_sum[j * width + w] += ds[j] * q_i[w];
        dv_sum[j * width + w] += p[j] * dout_i[w];
      }
      dq[i * dq_stride + w] = static_cast<float>(sum);
    }
  }
  for (int64_t j = 0; j < a.keys; ++j)
    for (int64_t w = 0; w < width; ++w) {
      dk[j * dk_stride + w] = static_cast<float>(dk_sum[j * width + w]);
      dv[j * dv_stride + w] = static_cast<float>(dv_sum[j * width + w]);
    }
}

}  // namespace

const AttentionKernels kAttentionReference = {scratch_floats, forward, backward};

}  // namespace moescope
