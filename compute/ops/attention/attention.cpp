// Checks, threads and the choice of implementation for attention: one unit of work is one head of one image.
#include "compute/ops/attention/attention.h"

#include <cmath>
#include <string>

#include "compute/backends/thread_pool.h"
#include "compute/ops/attention/attention_implementations.h"
#include "compute/ops/attention/attention_kernels.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/scratch.h"

namespace moescope {
namespace {

float* head_of(HeadRows rows, const AttentionShape& s, int64_t rows_per_image, int64_t unit) {
  return rows.data + unit / s.heads * rows_per_image * rows.stride + unit % s.heads * s.head_width;
}

AttentionHead head_operands(const AttentionShape& s, HeadRows q, HeadRows k, HeadRows v, int64_t unit) {
  return {.q = head_of(q, s, s.queries, unit),
          .k = head_of(k, s, s.keys, unit),
          .v = head_of(v, s, s.keys, unit),
          .q_stride = q.stride,
          .k_stride = k.stride,
          .v_stride = v.stride,
          .queries = s.queries,
          .keys = s.keys,
          .width = s.head_width,
          .factor = 1 / std::sqrt(static_cast<float>(s.head_width))};
}

// Heads that are worth a thread of their own: at about 10 FLOPs a nanosecond this is some 5 microseconds.
int64_t head_grain(const AttentionShape& s) {
  const int64_t flops = 4 * s.queries * s.keys * s.head_width;
  return std::max<int64_t>(1, 50000 / std::max<int64_t>(1, flops));
}

float* scratch_for(const AttentionKernels& kernels, const AttentionShape& s) {
  thread_local Scratch scratch;
  return scratch.floats(kernels.scratch_floats(s.queries, s.keys, s.head_width));
}

template <const AttentionKernels& kernels>
void run_forward(const AttentionShape& s, HeadRows q, HeadRows k, HeadRows v, HeadRows out,
                 const Tensor& probabilities) {
  parallel_for(s.images * s.heads, head_grain(s), [&](int64_t begin, int64_t end, int) {
    float* scratch = scratch_for(kernels, s);
    for (int64_t unit = begin; unit < end; ++unit)
      kernels.forward(head_operands(s, q, k, v, unit), head_of(out, s, s.queries, unit), out.stride,
                      probabilities.empty() ? nullptr : probabilities.f32() + unit * s.queries * s.keys, scratch);
  });
}

template <const AttentionKernels& kernels>
void run_backward(const AttentionShape& s, HeadRows q, HeadRows k, HeadRows v, HeadRows dout, HeadRows dq, HeadRows dk,
                  HeadRows dv) {
  parallel_for(s.images * s.heads, head_grain(s), [&](int64_t begin, int64_t end, int) {
    float* scratch = scratch_for(kernels, s);
    for (int64_t unit = begin; unit < end; ++unit)
      kernels.backward(head_operands(s, q, k, v, unit), head_of(dout, s, s.queries, unit), dout.stride,
                       head_of(dq, s, s.queries, unit), dq.stride, head_of(dk, s, s.keys, unit), dk.stride,
                       head_of(dv, s, s.keys, unit), dv.stride, scratch);
  });
}

void check_stride(const char* op, const AttentionShape& s, const char* name, HeadRows rows) {
  if (rows.data && rows.stride == 0 && s.queries == 1 && *name == 'q') return;  // the same query for every image
  check_shape(rows.data && rows.stride >= s.heads * s.head_width, [&] {
    return std::string(op) + ": rows of " + name + " stand " + std::to_string(rows.stride) + " numbers apart, but " +
           std::to_string(s.heads) + " heads of width " + std::to_string(s.head_width) + " need " +
           std::to_string(s.heads * s.head_width);
  });
}

}  // namespace

ImplementationList<AttentionFn>& attention_list() {
  static auto list = cpu_list<AttentionFn>("attention", run_forward<kAttentionAvx512>, run_forward<kAttentionAvx2>,
                                           run_forward<kAttentionReference>);
  return list;
}

ImplementationList<AttentionBackwardFn>& attention_backward_list() {
  static auto list = cpu_list<AttentionBackwardFn>("attention_backward", run_backward<kAttentionAvx512>,
                                                   run_backward<kAttentionAvx2>, run_backward<kAttentionReference>);
  return list;
}

void attention(const AttentionShape& s, HeadRows q, HeadRows k, HeadRows v, HeadRows out, const Tensor& probabilities) {
  const char* op = "attention";
  check_stride(op, s, "q", q);
  check_stride(op, s, "k", k);
  check_stride(op, s, "v", v);
  check_stride(op, s, "out", out);
  check_shape(s.keys > 0,
              [] { return std::string("attention: keys has no rows: expected at least one key per image"); });
  const Shape expected{s.images, s.heads, s.queries, s.keys};
  check_shape(probabilities.empty() || probabilities.size() == expected.size(), [&] {
    return "attention: " + describe("probabilities", probabilities) + " and q, k " + expected.text() +
           " (images,heads,queries,keys) disagree: expected the same number of elements";
  });
  attention_list().choose(Device::cpu).run(s, q, k, v, out, probabilities);
  count_flops(4 * expected.size() * s.head_width);
}

void attention_backward(const AttentionShape& s, HeadRows q, HeadRows k, HeadRows v, HeadRows dout, HeadRows dq,
                        HeadRows dk, HeadRows dv) {
  const char* op = "attention_backward";
  check_stride(op, s, "q", q);
  check_stride(op, s, "k", k);
  check_stride(op, s, "v", v);
  check_stride(op, s, "dout", dout);
  check_stride(op, s, "dq", dq);
  check_stride(op, s, "dk", dk);
  check_stride(op, s, "dv", dv);
  check_shape(s.keys > 0,
              [] { return std::string("attention_backward: keys has no rows: expected at least one key per image"); });
  attention_backward_list().choose(Device::cpu).run(s, q, k, v, dout, dq, dk, dv);
  // q kᵀ again, dout vᵀ, ds k, dsᵀ q, pᵀ dout
  count_flops(10 * s.images * s.heads * s.queries * s.keys * s.head_width);
}

}  // namespace moescope
