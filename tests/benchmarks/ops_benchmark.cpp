// Times every implementation of the ops that weigh in a training step, at the shapes of the default model (32 images of
// 49 tokens, width 128, 4 heads, hidden 512, 48 slots), on one thread. Bytes are what must move, FLOPs what the
// contracts say.
//
//   ops_benchmark --benchmark_filter='attention.*avx2'        one op, one instruction set
#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "compute/backends/thread_pool.h"
#include "compute/ops/activation/activation_implementations.h"
#include "compute/ops/adamw/adamw_implementations.h"
#include "compute/ops/attention/attention_implementations.h"
#include "compute/ops/layer_norm/layer_norm_implementations.h"
#include "compute/ops/mixing/mixing_implementations.h"
#include "compute/ops/reduce/reduce_implementations.h"
#include "compute/ops/soft_weights/soft_weights_implementations.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

constexpr int64_t kImages = 32, kTokens = 49, kRows = kImages * kTokens, kWidth = 128, kHidden = 512, kExperts = 16,
                  kSlots = 48;

struct Work {
  double bytes = 0, flops = 0;
};

template <class Fn, class Call>
void add(const ImplementationList<Fn>& list, Work work, Call call) {
  for_each_implementation(list, [&](Fn* run, const std::string& name) {
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      for (auto _ : state) call(run);
      const auto rate = [](double amount) {
        return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
      };
      if (work.flops > 0) state.counters["FLOP/s"] = rate(work.flops);
      if (work.bytes > 0) state.counters["B/s"] = rate(work.bytes);
    });
  });
}

// Tensors that live as long as the program.
Tensor tensor(Shape shape) {
  static uint64_t seed = 1;
  return *new Buffer(random_tensor(shape, seed++));
}

double bytes(double arrays, double numbers) { return arrays * numbers * sizeof(float); }

void add_elementwise() {
  const Tensor x = tensor({kRows, kHidden}), dy = tensor({kRows, kHidden}), y = tensor({kRows, kHidden}),
               dx = tensor({kRows, kHidden});
  const double n = kRows * kHidden;
  add(activation_list(), {bytes(2, n)}, [=](ActivationFn* run) { run(Activation::gelu_tanh, x, y); });
  add(activation_backward_list(), {bytes(4, n)},
      [=](ActivationBackwardFn* run) { run(Activation::gelu_tanh, x, dy, dx, y); });
  const Tensor sum = tensor({kHidden});
  add(add_column_sums_list(), {bytes(1, n)}, [=](AddColumnSumsFn* run) { run(x, sum); });
  const Tensor g = tensor({1000000}), m = tensor({1000000}), v = tensor({1000000}), w = tensor({1000000});
  for (int64_t i = 0; i < v.size(); ++i) v.f32()[i] *= v.f32()[i];
  add(adamw_list(), {bytes(7, 1e6)}, [=](AdamWFn* run) { run({1e-9f, .9f, .999f, 1e-8f, .05f, 10, 1}, g, m, v, w); });
  add(sum_of_squares_list(), {bytes(1, 1e6)}, [=](SumOfSquaresFn* run) { benchmark::DoNotOptimize(run(g)); });
}

void add_layer_norm() {
  const Tensor x = tensor({kRows, kWidth}), y = tensor({kRows, kWidth}), scale = tensor({kWidth}),
               bias = tensor({kWidth});
  const Tensor mean = tensor({kRows}), rstd = tensor({kRows}), dy = tensor({kRows, kWidth}),
               dx = tensor({kRows, kWidth});
  const double n = kRows * kWidth;
  add(layer_norm_list(), {bytes(2, n)}, [=](LayerNormFn* run) { run(x, scale, bias, y, mean, rstd, 1e-6f, {}, {}); });
  const Tensor dscale = tensor({kWidth}), dbias = tensor({kWidth});
  add(layer_norm_backward_list(), {bytes(4, n)},
      [=](LayerNormBackwardFn* run) { run(x, scale, mean, rstd, dy, dx, dscale, dbias); });
}

void add_attention() {
  const Tensor qkv = tensor({kRows, 3 * kWidth}), out = tensor({kRows, kWidth}), d = tensor({kRows, 3 * kWidth});
  const AttentionShape shape{kImages, kTokens, kTokens, 4, kWidth / 4};
  const auto part = [](const Tensor& t, int64_t i) { return HeadRows{t.f32() + i * kWidth, t.dim(-1)}; };
  const double product = 2.0 * kImages * kTokens * kTokens * kWidth;
  add(attention_list(), {0, 2 * product},
      [=](AttentionFn* run) { run(shape, part(qkv, 0), part(qkv, 1), part(qkv, 2), part(out, 0), {}); });
  add(attention_backward_list(), {0, 5 * product}, [=](AttentionBackwardFn* run) {
    run(shape, part(qkv, 0), part(qkv, 1), part(qkv, 2), part(out, 0), part(d, 0), part(d, 1), part(d, 2));
  });
}

void add_mixing() {
  const Shape weights_shape{kImages, kTokens, kSlots};
  const Tensor logits = tensor(weights_shape), weights = tensor(weights_shape), dweights = tensor(weights_shape);
  const Tensor x = tensor({kRows, kWidth}), dx = tensor({kRows, kWidth});
  const Shape slots_shape{kExperts, kImages * kSlots / kExperts, kWidth};
  const Tensor slots = tensor(slots_shape), dslots = tensor(slots_shape);
  const double product = 2.0 * kRows * kSlots * kWidth, n = kRows * kSlots;
  add(dispatch_list(), {0, product}, [=](DispatchFn* run) { run(weights, x, slots); });
  add(dispatch_backward_list(), {0, 2 * product},
      [=](DispatchBackwardFn* run) { run(weights, x, slots, dweights, dx); });
  add(combine_list(), {0, product}, [=](CombineFn* run) { run(weights, slots, x); });
  add(combine_backward_list(), {0, 2 * product},
      [=](CombineBackwardFn* run) { run(weights, slots, x, dweights, dslots); });
  const Tensor dispatch = tensor(weights_shape), combine = tensor(weights_shape), dlogits = tensor(weights_shape);
  add(soft_weights_list(), {bytes(3, n)}, [=](SoftWeightsFn* run) { run(logits, dispatch, combine); });
  add(soft_weights_backward_list(), {bytes(5, n)},
      [=](SoftWeightsBackwardFn* run) { run(dispatch, combine, weights, dweights, dlogits); });
}

}  // namespace
}  // namespace moescope

int main(int argc, char** argv) {
  moescope::set_cpu_threads(1);
  moescope::add_elementwise();
  moescope::add_layer_norm();
  moescope::add_attention();
  moescope::add_mixing();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
