// One expert over rows that stand together; one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct NarrowExpert {
  int64_t width, hidden;  // D, H
};
struct ExpertNumbers {
  const float *w1, *b1, *w2, *b2;  // (D,H) (H) (H,D) (D)
};
struct ExpertGradients {
  float *w1, *b1, *w2, *b2;
};

struct NarrowExpertKernels {
  int64_t (*forward_scratch)(const NarrowExpert& s);   // floats
  int64_t (*backward_scratch)(const NarrowExpert& s);  // floats
  /// hidden (rows,H) or null.
  void (*forward)(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, float* hidden, float* y,
                  float* scratch);
  /// gradients +=; dx may be dy.
  void (*backward)(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, const float* hidden,
                   const float* dy, float* dx, const ExpertGradients& g, float* scratch);
};

extern const NarrowExpertKernels kNarrowExpertReference, kNarrowExpertAvx2, kNarrowExpertAvx512;

}  // namespace moescope
