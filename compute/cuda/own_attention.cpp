// Wide heads one after the other, the images of each as a batch of products. The probabilities of all heads stand in
// memory, which a wide head makes few of.
#include "compute/cuda/own_attention.h"

#include <algorithm>
#include <cmath>

#include "compute/cuda/kernels/softmax.h"

namespace moescope::cuda {
namespace {

/// One head's rows in every image: (images,rows,columns).
struct Matrices {
  float* data;
  int64_t rows, columns, leading, stride;  // stride: from an image to the next
};

struct Extents {
  int64_t images, queries, keys, heads, width;
  int64_t scores() const { return images * heads * queries * keys; }
};

Matrices head_of(const HeadRows& rows, int64_t per_image, const Extents& x, int64_t head) {
  // a single learned query has a stride of 0, between images too
  return {rows.data + head * x.width, per_image, x.width, std::max(rows.stride, x.width), per_image * rows.stride};
}

Matrices head_of(float* scores, const Extents& x, int64_t head) {
  return {scores + head * x.queries * x.keys, x.queries, x.keys, x.keys, x.heads * x.queries * x.keys};
}

/// y = a b, of each as it is or transposed.
void multiply(const Run& run, int64_t images, const Matrices& a, const Matrices& b, const Matrices& y,
              Transposes t = {}) {
  MatmulArguments p{};
  p.a = a.data, p.b = b.data, p.y = y.data;
  p.batch = images, p.m = y.rows, p.n = y.columns, p.k = t.a ? a.rows : a.columns;
  p.a_leading = a.leading, p.b_leading = b.leading, p.y_leading = y.leading;
  p.a_stride = a.stride, p.b_stride = b.stride, p.y_stride = y.stride;
  p.transpose_a = t.a, p.transpose_b = t.b;
  run.multiply(p);
}

float factor_of(const Extents& x) { return 1 / std::sqrt(static_cast<float>(x.width)); }

/// probabilities (images,heads,queries,keys) of queries q and keys k.
void look(const Run& run, const HeadRows& q, const HeadRows& k, const Extents& x, float* probabilities) {
  for (int64_t head = 0; head < x.heads; ++head)
    multiply(run, x.images, head_of(q, x.queries, x, head), head_of(k, x.keys, x, head),
             head_of(probabilities, x, head), {.b = true});
  scale(run, probabilities, x.scores(), factor_of(x));
  run.launch(launch_softmax, {probabilities, probabilities, x.images * x.heads * x.queries, x.keys});
}

}  // namespace

void own_attention(const Run& run, const AttentionArguments& a) {
  if (a.width <= kMostHeadWidth) return run.launch(launch_attention, a);
  const ArenaScope scope(run.arena);
  const Extents x{a.images, a.queries, a.keys, a.heads, a.width};
  float* p = a.probabilities ? a.probabilities : run.floats(x.scores());
  look(run, a.q, a.k, x, p);
  for (int64_t head = 0; head < x.heads; ++head)
    multiply(run, x.images, head_of(p, x, head), head_of(a.v, x.keys, x, head), head_of(a.out, x.queries, x, head));
}

void own_attention_backward(const Run& run, const AttentionBackwardArguments& a) {
  if (a.width <= kMostHeadWidth) return run.launch(launch_attention_backward, a);
  const ArenaScope scope(run.arena);
  const Extents x{a.images, a.queries, a.keys, a.heads, a.width};
  float *p = run.floats(x.scores()), *dp = run.floats(x.scores());
  look(run, a.q, a.k, x, p);
  for (int64_t head = 0; head < x.heads; ++head) {
    const Matrices dout = head_of(a.dout, x.queries, x, head);
    multiply(run, x.images, head_of(p, x, head), dout, head_of(a.dv, x.keys, x, head), {.a = true});
    multiply(run, x.images, dout, head_of(a.v, x.keys, x, head), head_of(dp, x, head), {.b = true});
  }
  run.launch(launch_softmax_backward, {p, dp, dp, x.images * x.heads * x.queries, x.keys});
  scale(run, dp, x.scores(), factor_of(x));
  for (int64_t head = 0; head < x.heads; ++head) {
    const Matrices dscores = head_of(dp, x, head);
    multiply(run, x.images, dscores, head_of(a.k, x.keys, x, head), head_of(a.dq, x.queries, x, head));
    multiply(run, x.images, dscores, head_of(a.q, x.queries, x, head), head_of(a.dk, x.keys, x, head), {.a = true});
  }
}

}  // namespace moescope::cuda
