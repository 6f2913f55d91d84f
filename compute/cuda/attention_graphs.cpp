// Forward as cuDNN's one operation. Back as the chain of operations that its engines recognise (cuDNN documentation,
// "Fused flash attention bprop"): p = exp(scale q kᵀ - log_sum), dv = pᵀ dout, ds = scale p (dout vᵀ - dots),
// dk = dsᵀ q, dq = ds k, where dots are the rows' sums of out * dout.
#include "compute/cuda/attention_graphs.h"

namespace moescope::cuda {
namespace {

constexpr cudnnDataType_t kBf16 = CUDNN_DATA_BFLOAT16, kFloat32 = CUDNN_DATA_FLOAT;

DnnShape rows_of_heads(const FusedAttentionShape& s, int64_t rows, int64_t stride) {
  return {{s.images, s.heads, rows, s.width}, {rows * stride, s.width, stride, 1}};
}

}  // namespace

std::unique_ptr<DnnPlan> plan_attention(const DnnLibrary& library, const FusedAttentionShape& s,
                                        const DnnTarget& target) {
  DnnGraph graph(library);
  const auto operand = [&](int64_t number, int64_t rows, int64_t stride) {
    return graph.tensor(number, rows_of_heads(s, rows, stride), kBf16);
  };
  graph.attention(operand(kQ, s.queries, s.q_stride), operand(kK, s.keys, s.k_stride), operand(kV, s.keys, s.v_stride),
                  graph.number(kScale), operand(kOut, s.queries, s.out_stride),
                  graph.tensor(kLogSums, dense_shape({s.images, s.heads, s.queries, 1}), kFloat32));
  return std::move(graph).plan(target);
}

std::unique_ptr<DnnPlan> plan_attention_backward(const DnnLibrary& library, const FusedAttentionShape& s,
                                                 const DnnTarget& target) {
  DnnGraph graph(library);
  using Tensor = DnnGraph::Tensor;
  const DnnShape q_rows = rows_of_heads(s, s.queries, s.q_stride), k_rows = rows_of_heads(s, s.keys, s.k_stride),
                 v_rows = rows_of_heads(s, s.keys, s.v_stride), out_rows = rows_of_heads(s, s.queries, s.out_stride),
                 scores = dense_shape({s.images, s.heads, s.queries, s.keys}),
                 row_sums = dense_shape({s.images, s.heads, s.queries, 1});
  const Tensor q = graph.tensor(kQ, q_rows, kBf16), kt = graph.tensor(kK, transposed(k_rows), kBf16),
               vt = graph.tensor(kV, transposed(v_rows), kBf16), out = graph.tensor(kOut, out_rows, kBf16),
               dout = graph.tensor(kDOut, out_rows, kBf16), log_sums = graph.tensor(kLogSums, row_sums, kFloat32),
               dots = graph.tensor(kDots, row_sums, kFloat32), scale = graph.number(kScale);
  const auto then = [&](cudnnPointwiseMode_t mode, Tensor x, Tensor b, const DnnShape& shape) {
    const Tensor y = graph.between(shape);
    graph.pointwise(mode, x, b, y);
    return y;
  };
  const auto product = [&](Tensor a, Tensor b) {
    const Tensor y = graph.between(scores);
    graph.multiply(a, b, y);
    return y;
  };
  const auto turned = [&](Tensor x) {
    const Tensor y = graph.between(transposed(scores), kBf16);
    graph.reshape(x, y);
    return y;
  };
  graph.add_columns(then(CUDNN_POINTWISE_MUL, dout, out, dense_shape(out_rows.dims)), dots);
  const Tensor score = then(CUDNN_POINTWISE_MUL, product(q, kt), scale, scores);
  const Tensor p = then(CUDNN_POINTWISE_EXP, then(CUDNN_POINTWISE_SUB, score, log_sums, scores), nullptr, scores);
  graph.multiply(turned(p), dout, graph.tensor(kDV, rows_of_heads(s, s.keys, s.gradient_stride), kBf16));
  const Tensor dp = then(CUDNN_POINTWISE_SUB, product(dout, vt), dots, scores);
  const Tensor ds = then(CUDNN_POINTWISE_MUL, then(CUDNN_POINTWISE_MUL, dp, p, scores), scale, scores);
  graph.multiply(turned(ds), q, graph.tensor(kDK, rows_of_heads(s, s.keys, s.gradient_stride), kBf16));
  const Tensor k = graph.between(k_rows, kBf16);
  graph.reshape(kt, k);
  graph.multiply(ds, k, graph.tensor(kDQ, rows_of_heads(s, s.queries, s.gradient_stride), kBf16));
  return std::move(graph).plan(target);
}

}  // namespace moescope::cuda
