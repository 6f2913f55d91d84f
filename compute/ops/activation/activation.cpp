// Checks, threads and the choice of implementation for the activations.
#include "compute/ops/activation/activation.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/activation/activation_implementations.h"
#include "compute/ops/activation/activation_kernels.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"

namespace moescope {
namespace {

float* at(const Tensor& t, int64_t i) { return t.empty() ? nullptr : t.f32() + i; }

template <const ActivationKernels& kernels>
void run_geglu(const Tensor& x, const Tensor& y) {
  const int64_t width = columns_of(y);
  parallel_for(rows_of(y), row_grain(width), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float* a = x.f32() + r * 2 * width;
      kernels.geglu(a, a + width, y.f32() + r * width, width);
    }
  });
}

template <const ActivationKernels& kernels>
void run_geglu_backward(const Tensor& x, const Tensor& dy, const Tensor& dx, const Tensor& y) {
  const int64_t width = columns_of(dy);
  parallel_for(rows_of(dy), row_grain(width), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float* a = x.f32() + r * 2 * width;
      float* da = dx.f32() + r * 2 * width;
      kernels.geglu_backward(a, a + width, dy.f32() + r * width, da, da + width, at(y, r * width), width);
    }
  });
}

template <const ActivationKernels& kernels>
void run_activation(Activation kind, const Tensor& x, const Tensor& y) {
  if (kind == Activation::geglu) return run_geglu<kernels>(x, y);
  ActivationForward* forward = kind == Activation::gelu_tanh  ? kernels.gelu_tanh
                               : kind == Activation::gelu_erf ? kernels.gelu_erf
                                                              : kernels.relu;
  parallel_for(x.size(), kGrain,
               [&](int64_t begin, int64_t end, int) { forward(x.f32() + begin, y.f32() + begin, end - begin); });
}

template <const ActivationKernels& kernels>
void run_activation_backward(Activation kind, const Tensor& x, const Tensor& dy, const Tensor& dx, const Tensor& y) {
  if (kind == Activation::geglu) return run_geglu_backward<kernels>(x, dy, dx, y);
  ActivationBackward* backward = kind == Activation::gelu_tanh  ? kernels.gelu_tanh_backward
                                 : kind == Activation::gelu_erf ? kernels.gelu_erf_backward
                                                                : kernels.relu_backward;
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    backward(x.f32() + begin, dy.f32() + begin, dx.f32() + begin, at(y, begin), end - begin);
  });
}

template <const ActivationKernels& kernels>
void run_tanh(const Tensor& x, const Tensor& y) {
  parallel_for(x.size(), kGrain,
               [&](int64_t begin, int64_t end, int) { kernels.tanh(x.f32() + begin, y.f32() + begin, end - begin); });
}

template <const ActivationKernels& kernels>
void run_tanh_backward(const Tensor& y, const Tensor& dy, const Tensor& dx) {
  parallel_for(y.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    kernels.tanh_backward(y.f32() + begin, dy.f32() + begin, dx.f32() + begin, end - begin);
  });
}

void check_activation(const char* op, Activation kind, const Tensor& x, const char* y_name, const Tensor& y) {
  if (kind != Activation::geglu) return check_same_size(op, "x", x, y_name, y);
  check_pair(x.rank() > 0 && y.rank() > 0 && x.dim(-1) == 2 * y.dim(-1) && x.size() == 2 * y.size(), op, "x", x, y_name,
             y, "rows of (a, gate) twice as wide");
}

}  // namespace

ImplementationList<ActivationFn>& activation_list() {
  static auto list = cpu_list<ActivationFn>("activation", run_activation<kActivationAvx512>,
                                            run_activation<kActivationAvx2>, run_activation<kActivationReference>);
  return list;
}

ImplementationList<ActivationBackwardFn>& activation_backward_list() {
  static auto list = cpu_list<ActivationBackwardFn>("activation_backward", run_activation_backward<kActivationAvx512>,
                                                    run_activation_backward<kActivationAvx2>,
                                                    run_activation_backward<kActivationReference>);
  return list;
}

ImplementationList<TanhFn>& tanh_forward_list() {
  static auto list = cpu_list<TanhFn>("tanh_forward", run_tanh<kActivationAvx512>, run_tanh<kActivationAvx2>,
                                      run_tanh<kActivationReference>);
  return list;
}

ImplementationList<TanhBackwardFn>& tanh_backward_list() {
  static auto list =
      cpu_list<TanhBackwardFn>("tanh_backward", run_tanh_backward<kActivationAvx512>,
                               run_tanh_backward<kActivationAvx2>, run_tanh_backward<kActivationReference>);
  return list;
}

void activation(Activation kind, const Tensor& x, const Tensor& y) {
  check_activation("activation", kind, x, "y", y);
  activation_list().choose(x.device()).run(kind, x, y);
}

void activation_backward(Activation kind, const Tensor& x, const Tensor& dy, const Tensor& dx, const Tensor& y) {
  check_activation("activation_backward", kind, x, "dy", dy);
  check_same_size("activation_backward", "x", x, "dx", dx);
  if (!y.empty()) check_same_size("activation_backward", "dy", dy, "y", y);
  activation_backward_list().choose(x.device()).run(kind, x, dy, dx, y);
}

void tanh_forward(const Tensor& x, const Tensor& y) {
  check_same_size("tanh_forward", "x", x, "y", y);
  tanh_forward_list().choose(x.device()).run(x, y);
}

void tanh_backward(const Tensor& y, const Tensor& dy, const Tensor& dx) {
  check_same_size("tanh_backward", "y", y, "dy", dy);
  check_same_size("tanh_backward", "y", y, "dx", dx);
  tanh_backward_list().choose(y.device()).run(y, dy, dx);
}

}  // namespace moescope
