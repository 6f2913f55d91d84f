// Checks, threads and the choice of implementation for the optimisers.
#include "compute/ops/adamw/adamw.h"

#include <cmath>
#include <vector>

#include "compute/backends/thread_pool.h"
#include "compute/ops/adamw/adamw_implementations.h"
#include "compute/ops/adamw/adamw_kernels.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"

namespace moescope {
namespace {

template <const AdamWKernels& kernels>
void run_adamw(const AdamStep& step, const Tensor& gradient, const Tensor& m, const Tensor& v,
               const Tensor& parameter) {
  const auto t = static_cast<double>(step.step);
  const AdamNumbers numbers{.learning_rate = step.learning_rate,
                            .beta1 = step.beta1,
                            .beta2 = step.beta2,
                            .epsilon = step.epsilon,
                            .weight_decay = step.weight_decay,
                            .gradient_scale = step.gradient_scale,
                            .correction1 = 1 / (1 - std::pow(static_cast<double>(step.beta1), t)),
                            .correction2 = 1 / (1 - std::pow(static_cast<double>(step.beta2), t))};
  parallel_for(gradient.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    kernels.adamw(numbers, gradient.f32() + begin, m.f32() + begin, v.f32() + begin, parameter.f32() + begin,
                  end - begin);
  });
}

template <const AdamWKernels& kernels>
void run_sgd_momentum(const SgdStep& step, const Tensor& gradient, const Tensor& m, const Tensor& parameter) {
  const SgdNumbers numbers{step.learning_rate, step.momentum, step.weight_decay, step.gradient_scale};
  parallel_for(gradient.size(), kGrain, [&](int64_t begin, int64_t end, int) {
    kernels.sgd_momentum(numbers, gradient.f32() + begin, m.f32() + begin, parameter.f32() + begin, end - begin);
  });
}

template <const AdamWKernels& kernels>
double run_sum_of_squares(const Tensor& x) {
  thread_local std::vector<double> parts;
  parts.assign(static_cast<size_t>(cpu_pool().num_threads()), 0.0);
  double* part = parts.data();  // the workers have a vector of their own by that name
  parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end, int thread) {
    part[thread] = kernels.sum_of_squares(x.f32() + begin, end - begin);
  });
  double sum = 0;
  for (double one : parts) sum += one;
  return sum;
}

}  // namespace

ImplementationList<AdamWFn>& adamw_list() {
  static auto list =
      cpu_list<AdamWFn>("adamw", run_adamw<kAdamWAvx512>, run_adamw<kAdamWAvx2>, run_adamw<kAdamWReference>);
  return list;
}

ImplementationList<SgdMomentumFn>& sgd_momentum_list() {
  static auto list = cpu_list<SgdMomentumFn>("sgd_momentum", run_sgd_momentum<kAdamWAvx512>,
                                             run_sgd_momentum<kAdamWAvx2>, run_sgd_momentum<kAdamWReference>);
  return list;
}

ImplementationList<SumOfSquaresFn>& sum_of_squares_list() {
  static auto list = cpu_list<SumOfSquaresFn>("sum_of_squares", run_sum_of_squares<kAdamWAvx512>,
                                              run_sum_of_squares<kAdamWAvx2>, run_sum_of_squares<kAdamWReference>);
  return list;
}

void adamw(const AdamStep& step, const Tensor& gradient, const Tensor& m, const Tensor& v, const Tensor& parameter) {
  check_same_size("adamw", "gradient", gradient, "parameter", parameter);
  check_same_size("adamw", "m", m, "parameter", parameter);
  check_same_size("adamw", "v", v, "parameter", parameter);
  adamw_list().choose(parameter.device()).run(step, gradient, m, v, parameter);
}

void sgd_momentum(const SgdStep& step, const Tensor& gradient, const Tensor& m, const Tensor& parameter) {
  check_same_size("sgd_momentum", "gradient", gradient, "parameter", parameter);
  check_same_size("sgd_momentum", "m", m, "parameter", parameter);
  sgd_momentum_list().choose(parameter.device()).run(step, gradient, m, parameter);
}

double sum_of_squares(const Tensor& x) { return sum_of_squares_list().choose(x.device()).run(x); }

}  // namespace moescope
