// The classification losses on vectors, written once.
#pragma once

#include "compute/ops/cross_entropy/cross_entropy_kernels.h"
#include "compute/ops/vector/softmax_row_vector.h"

namespace moescope {
namespace {

// loss = sum(t) log(sum exp(l - max)) - sum t (l - max);  dlogit = p sum(t) - t
double softmax(const float* logits, const float* targets, float* dlogits, float gradient_scale, int64_t rows,
               int64_t classes) {
  double loss = 0;
  for (int64_t at = 0; at < rows * classes; at += classes) {
    const float *l = logits + at, *t = targets + at;
    const Vec max = all(max_of(l, classes));
    const TwoVecs of_targets = sum_vectors(classes, [&](int64_t c, auto part) {
      const Vec t_c = load(t + c, part);
      return TwoVecs{t_c, only(t_c * (load(l + c, part) - max), part)};
    });
    const float exponentials =
        sum(sum_vectors(classes, [&](int64_t c, auto part) { return only(exp(load(l + c, part) - max), part); }));
    const float target_sum = sum(of_targets.first);
    loss += target_sum * __builtin_log(static_cast<double>(exponentials)) - sum(of_targets.second);
    if (!dlogits) continue;
    const Vec factor = all(gradient_scale * target_sum / exponentials), scale = all(gradient_scale);
    for_vectors(classes, [&](int64_t c, auto part) {
      const Vec e = exp(load(l + c, part) - max);
      store(dlogits + at + c, minus_product(scale, load(t + c, part), e * factor), part);
    });
  }
  return loss;
}

// log(1 + e) for 0 <= e <= 1: twice the inverse hyperbolic tangent of s = e / (2 + e), a fit in s² with an error of
// 5e-9.
Vec log_1_plus(Vec e) {
  const Vec s = e * reciprocal(all(2) + e), q = s * s;
  Vec p = fma(all(1.401222969e-01f), q, all(1.399957049e-01f));
  p = fma(p, q, all(2.001084953e-01f));
  p = fma(p, q, all(3.333320657e-01f));
  return all(2) * fma(s * q, p, s);
}

// loss = softplus(l) - t l = max(l, 0) + log(1 + exp(-|l|)) - t l;  dlogit = 1 / (1 + exp(-l)) - t
double sigmoid(const float* logits, const float* targets, float* dlogits, float gradient_scale, int64_t rows,
               int64_t classes) {
  double loss = 0;
  const Vec scale = all(gradient_scale);
  for (int64_t at = 0; at < rows * classes; at += classes)
    loss += sum(sum_vectors(classes, [&](int64_t c, auto part) {
      const Vec l = load(logits + at + c, part), t = load(targets + at + c, part);
      const Vec e = exp(zeros() - abs(l)), positive = choose(is_below(l, zeros()), zeros(), l);
      if (dlogits) {
        const Vec r = reciprocal(all(1) + e);
        store(dlogits + at + c, scale * (choose(is_below(l, zeros()), e * r, r) - t), part);
      }
      return only(minus_product(t, l, positive + log_1_plus(e)), part);
    }));
  return loss;
}

constexpr CrossEntropyKernels kVectorCrossEntropy = {softmax, sigmoid};

}  // namespace
}  // namespace moescope
