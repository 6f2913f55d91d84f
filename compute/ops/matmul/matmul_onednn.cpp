// oneDNN, called from our own threads so that no second pool competes with the window.
//
// Measured on an AVX-512 machine, one thread, at our shapes: the brgemm primitive reaches 105-140 GFLOP/s with the bias
// folded in, sgemm 90-130; with AVX2 both run the same code and sgemm is the simpler call.
#include <oneapi/dnnl/dnnl.h>

#include <array>
#include <cstring>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "compute/backends/cpu_features.h"
#include "compute/backends/implementations.h"
#include "compute/core/error.h"
#include "compute/ops/matmul/gemm.h"

namespace moescope {
namespace {

void check(dnnl_status_t status, const char* call) {
  if (status != dnnl_success) throw BackendError(std::string(call) + " returned status " + std::to_string(status));
}

void fill_rows(const Gemm& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    if (g.bias)
      std::memcpy(g.y + i * g.ldy, g.bias, static_cast<size_t>(g.n) * sizeof(float));
    else
      std::memset(g.y + i * g.ldy, 0, static_cast<size_t>(g.n) * sizeof(float));
  }
}

void by_sgemm(const Gemm& g) {
  float beta = g.accumulate ? 1.0f : 0.0f;
  if (g.bias || (g.k == 0 && !g.accumulate)) fill_rows(g), beta = 1.0f;
  if (g.k == 0) return;
  check(dnnl_sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, 1.0f, g.a, g.lda, g.b, g.ldb,
                   beta, g.y, g.ldy),
        "dnnl_sgemm");
}

using Key = std::array<int64_t, 9>;

/// A matmul primitive with its memory objects, bound anew to the operands at each call.
class SteadyGemm {
 public:
  SteadyGemm(const dnnl::engine& engine, const Gemm& g)
      : stream_(engine),
        a_(operand(g.m, g.k, g.lda, g.transpose_a), engine, DNNL_MEMORY_NONE),
        b_(operand(g.k, g.n, g.ldb, g.transpose_b), engine, DNNL_MEMORY_NONE),
        y_(operand(g.m, g.n, g.ldy, false), engine, DNNL_MEMORY_NONE) {
    dnnl::primitive_attr attributes;
    if (g.accumulate) {
      dnnl::post_ops sum;
      sum.append_sum(1.0f);
      attributes.set_post_ops(sum);
    }
    if (g.bias) {
      bias_ = dnnl::memory(operand(1, g.n, g.n, false), engine, DNNL_MEMORY_NONE);
      matmul_ = dnnl::matmul(dnnl::matmul::primitive_desc(
          dnnl::matmul::desc(a_.get_desc(), b_.get_desc(), bias_.get_desc(), y_.get_desc()), attributes, engine));
    } else {
      matmul_ = dnnl::matmul(dnnl::matmul::primitive_desc(
          dnnl::matmul::desc(a_.get_desc(), b_.get_desc(), y_.get_desc()), attributes, engine));
    }
  }

  void run(const Gemm& g) {
    bind(a_, g.a), bind(b_, g.b), bind(y_, g.y);
    std::array<dnnl_exec_arg_t, 4> arguments{
        {{DNNL_ARG_SRC, a_.get()}, {DNNL_ARG_WEIGHTS, b_.get()}, {DNNL_ARG_DST, y_.get()}, {}}};
    int count = 3;
    if (g.bias) {
      bind(bias_, g.bias);
      arguments[count++] = {DNNL_ARG_BIAS, bias_.get()};
    }
    check(dnnl_primitive_execute(matmul_.get(), stream_.get(), count, arguments.data()),
          "dnnl_primitive_execute(matmul)");
  }

 private:
  static dnnl::memory::desc operand(int64_t rows, int64_t columns, int64_t leading, bool transposed) {
    return dnnl::memory::desc({rows, columns}, dnnl::memory::data_type::f32,
                              transposed ? dnnl::memory::dims{1, leading} : dnnl::memory::dims{leading, 1});
  }
  static void bind(const dnnl::memory& memory, const float* data) {
    check(dnnl_memory_set_data_handle(memory.get(), const_cast<float*>(data)), "dnnl_memory_set_data_handle");
  }

  dnnl::stream stream_;
  dnnl::memory a_, b_, y_, bias_;
  dnnl::matmul matmul_;
};

/// Each thread keeps its own: no lock in a step, and none of oneDNN's objects is shared.
SteadyGemm& steady_gemm(const Gemm& g) {
  constexpr size_t kMostKept = 512;  // a model uses a few dozen shapes; a sweep over sizes must not grow without bound
  thread_local dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  thread_local std::map<Key, SteadyGemm> made;
  const Key key{
      g.m, g.n, g.k, g.lda, g.ldb, g.ldy, g.transpose_a, g.transpose_b, g.accumulate * 2 + (g.bias != nullptr)};
  const auto found = made.find(key);
  if (found != made.end()) return found->second;
  if (made.size() >= kMostKept) made.clear();
  return made.try_emplace(key, engine, g).first->second;
}

bool primitive_is_faster() {
  static const bool avx512 = cpu_features().avx512;
  return avx512;
}

}  // namespace

void gemm_onednn(const Gemm& g, bool steady) {
  if (g.m == 0 || g.n == 0) return;
  if (steady && g.k > 0 && primitive_is_faster())
    steady_gemm(g).run(g);
  else
    by_sgemm(g);
}

}  // namespace moescope
