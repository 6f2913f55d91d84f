// What the two oneDNN products share: operands as memory objects, bound anew at each call, and primitives kept per
// shape.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "compute/core/error.h"
#include "compute/ops/matmul/gemm.h"

namespace moescope::onednn {

inline void check(dnnl_status_t status, const char* call) {
  if (status != dnnl_success) throw BackendError(std::string(call) + " returned status " + std::to_string(status));
}

inline dnnl::memory::desc operand(int64_t rows, int64_t columns, int64_t leading, bool transposed) {
  return dnnl::memory::desc({rows, columns}, dnnl::memory::data_type::f32,
                            transposed ? dnnl::memory::dims{1, leading} : dnnl::memory::dims{leading, 1});
}

inline void bind(const dnnl::memory& memory, const float* data) {
  check(dnnl_memory_set_data_handle(memory.get(), const_cast<float*>(data)), "dnnl_memory_set_data_handle");
}

/// One product of operands that are bound already; the bias, null when there is none, is bound here.
inline void execute(const dnnl::matmul& matmul, const dnnl::stream& stream, const dnnl::memory& a,
                    const dnnl::memory& b, const dnnl::memory& y, const dnnl::memory& bias_memory, const float* bias) {
  std::array<dnnl_exec_arg_t, 4> arguments{
      {{DNNL_ARG_SRC, a.get()}, {DNNL_ARG_WEIGHTS, b.get()}, {DNNL_ARG_DST, y.get()}, {}}};
  int count = 3;
  if (bias) {
    bind(bias_memory, bias);
    arguments[count++] = {DNNL_ARG_BIAS, bias_memory.get()};
  }
  check(dnnl_primitive_execute(matmul.get(), stream.get(), count, arguments.data()), "dnnl_primitive_execute(matmul)");
}

inline dnnl::primitive_attr accumulating(bool accumulate) {
  dnnl::primitive_attr attributes;
  if (!accumulate) return attributes;
  dnnl::post_ops sum;
  sum.append_sum(1.0f);
  attributes.set_post_ops(sum);
  return attributes;
}

/// The product of this shape, made at the first call. Each thread keeps its own: no lock in a step, and none of
/// oneDNN's objects is shared. They are made one after the other, since oneDNN's own first-time settings are not
/// guarded in a way that the thread sanitizer can see.
template <class Product>
Product& kept_product(const Gemm& g) {
  using Key = std::array<int64_t, 9>;
  constexpr size_t kMostKept = 512;  // a model uses a few dozen shapes; a sweep over sizes must not grow without bound
  thread_local dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  thread_local std::map<Key, Product> made;
  const Key key{
      g.m, g.n, g.k, g.lda, g.ldb, g.ldy, g.transpose_a, g.transpose_b, g.accumulate * 2 + (g.bias != nullptr)};
  const auto found = made.find(key);
  if (found != made.end()) return found->second;
  static std::mutex making;
  const std::lock_guard lock(making);
  if (made.size() >= kMostKept) made.clear();
  return made.try_emplace(key, engine, g).first->second;
}

}  // namespace moescope::onednn
