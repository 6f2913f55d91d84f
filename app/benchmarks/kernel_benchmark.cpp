// Walks the lists of implementations at the shapes of the default model (32 images of 49 tokens, width 128, 4 heads,
// hidden 512, 48 slots), those of agents at a MinAtar agent's. Bytes are what must move, FLOPs what the contracts of
// the ops say.
#include "app/benchmarks/kernel_benchmark.h"

#include <cmath>
#include <deque>
#include <functional>
#include <iostream>

#include "app/benchmarks/roofline_table.h"
#include "app/models/named_model.h"
#include "app/options/number_checks.h"
#include "app/terminal/text_table.h"
#include "app/tools/timing.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/arena.h"
#include "compute/core/rng.h"
#include "compute/ops/activation/activation_implementations.h"
#include "compute/ops/adamw/adamw_implementations.h"
#include "compute/ops/attention/attention_implementations.h"
#include "compute/ops/convolution/convolution_implementations.h"
#include "compute/ops/l2_normalize/l2_normalize_implementations.h"
#include "compute/ops/layer_norm/layer_norm_implementations.h"
#include "compute/ops/matmul/matmul_implementations.h"
#include "compute/ops/mixing/mixing_implementations.h"
#include "compute/ops/narrow_experts/narrow_experts_implementations.h"
#include "compute/ops/rectified_matmul/rectified_matmul_implementations.h"
#include "compute/ops/reduce/reduce_implementations.h"
#include "compute/ops/soft_weights/soft_weights_implementations.h"
#include "compute/ops/softmax/softmax_implementations.h"
#include "compute/records/config_fields.h"

namespace moescope {

namespace {

constexpr int64_t kImages = 32, kTokens = 49, kRows = kImages * kTokens, kWidth = 128, kHeads = 4, kHidden = 512,
                  kExperts = 16, kSlots = 48, kParameters = 1'000'000;

struct KernelBenchOptions {
  std::string only;
  std::string model;  // not empty: the roofline of its training step instead
  std::vector<std::string> settings;
  int64_t batch = 0;
  int threads = 1;
  double secs = 0.2;  // per implementation
};

/// What one call does; 0 where it is not what limits the op.
struct Work {
  double bytes = 0, flops = 0;
};

double bytes(double arrays, double numbers) { return arrays * numbers * sizeof(float); }

double median_us(double secs, const std::function<void()>& call) {
  return 1e6 * median_secs(call, secs, {.warm_up = 1, .least = 5});
}

class KernelBench {
 public:
  explicit KernelBench(const KernelBenchOptions& options) : options_(options) {}

  void elementwise();
  void normalisation();
  void matmul();
  void attention();
  void mixing();
  void agents();
  std::string text() const { return table_.aligned(); }

 private:
  /// Times call(run) for each implementation in the list; the reference stands last and is timed first, for the ratio.
  template <class Fn, class Call>
  void time(const ImplementationList<Fn>& list, Work work, Call call) {
    if (std::string(list.op()).find(options_.only) == std::string::npos) return;
    const double reference_us = median_us(options_.secs, [&] { call(list.all().back().run); });
    for (const Implementation<Fn>& one : list.all()) {
      if (one.device != Device::cpu || !may_run(one.needs)) continue;
      const bool is_reference = &one == &list.all().back();
      const double us = is_reference ? reference_us : median_us(options_.secs, [&] { call(one.run); });
      table_.add({list.op(), one.name, fixed(us, 1), work.flops > 0 ? fixed(1e-3 * work.flops / us, 1) : "",
                  work.bytes > 0 ? fixed(1e-3 * work.bytes / us, 1) : "", fixed(reference_us / us, 1)});
    }
  }
  /// Lives as long as the benchmark.
  Tensor tensor(const Shape& shape) {
    Buffer& one = kept_.emplace_back(shape);
    Rng(kept_.size(), RngPurpose::test).fill_normal(one.f32(), one.size(), 1);
    return one;
  }

  KernelBenchOptions options_;
  std::deque<Buffer> kept_;
  TextTable table_{{"op", "implementation", ">us", ">GFLOP/s", ">GB/s", ">x reference"}};
};

void KernelBench::elementwise() {
  const Tensor x = tensor({kRows, kHidden}), dy = tensor({kRows, kHidden}), y = tensor({kRows, kHidden}),
               dx = tensor({kRows, kHidden}), sum = tensor({kHidden});
  const double n = kRows * kHidden;
  time(activation_list(), {bytes(2, n)}, [&](ActivationFn* run) { run(Activation::gelu_tanh, x, y); });
  time(activation_backward_list(), {bytes(4, n)},
       [&](ActivationBackwardFn* run) { run(Activation::gelu_tanh, x, dy, dx, y); });
  time(add_column_sums_list(), {bytes(1, n)}, [&](AddColumnSumsFn* run) { run(x, sum); });
  const Tensor g = tensor({kParameters}), m = tensor({kParameters}), v = tensor({kParameters}),
               w = tensor({kParameters});
  for (int64_t i = 0; i < v.size(); ++i) v.f32()[i] *= v.f32()[i];
  time(adamw_list(), {bytes(7, kParameters)}, [&](AdamWFn* run) {
    run({1e-9f, .9f, .999f, 1e-8f, .05f, 10, 1}, g, m, v, w);
  });
  double total = 0;
  time(sum_of_squares_list(), {bytes(1, kParameters)}, [&](SumOfSquaresFn* run) { total += run(g); });
}

void KernelBench::normalisation() {
  const Tensor x = tensor({kRows, kWidth}), y = tensor({kRows, kWidth}), scale = tensor({kWidth}),
               bias = tensor({kWidth}), mean = tensor({kRows}), rstd = tensor({kRows}), dy = tensor({kRows, kWidth}),
               dx = tensor({kRows, kWidth}), dscale = tensor({kWidth}), dbias = tensor({kWidth});
  const double n = kRows * kWidth;
  time(layer_norm_list(), {bytes(2, n)}, [&](LayerNormFn* run) { run(x, scale, bias, y, mean, rstd, 1e-6f, {}, {}); });
  time(layer_norm_backward_list(), {bytes(4, n)},
       [&](LayerNormBackwardFn* run) { run(x, scale, mean, rstd, dy, dx, dscale, dbias); });
  time(l2_normalize_rows_list(), {bytes(2, n)}, [&](L2RowsFn* run) { run(NormEps{}, x, y, 1, {}); });
  const Tensor logits = tensor({kRows, kExperts}), gates = tensor({kRows, kExperts});
  time(softmax_list(), {bytes(2, kRows * kExperts)}, [&](SoftmaxFn* run) { run(logits, gates); });
}

void KernelBench::matmul() {
  const Tensor x = tensor({kRows, kWidth}), w = tensor({kWidth, kHidden}), h = tensor({kRows, kHidden}),
               bias = tensor({kHidden});
  const Gemm gemm{kRows,   kHidden, kWidth,  x.f32(), kWidth, false,     w.f32(),
                  kHidden, false,   h.f32(), kHidden, false,  bias.f32()};
  time(gemm_implementations(), {0, 2.0 * kRows * kWidth * kHidden}, [&](GemmFn* run) { run(gemm, true); });
}

void KernelBench::attention() {
  const Tensor qkv = tensor({kRows, 3 * kWidth}), out = tensor({kRows, kWidth}), d = tensor({kRows, 3 * kWidth});
  const AttentionShape shape{kImages, kTokens, kTokens, kHeads, kWidth / kHeads};
  const auto part = [](const Tensor& t, int64_t i) { return HeadRows{t.f32() + i * kWidth, t.dim(-1)}; };
  const double product = 2.0 * kImages * kTokens * kTokens * kWidth;
  time(attention_list(), {0, 2 * product},
       [&](AttentionFn* run) { run(shape, part(qkv, 0), part(qkv, 1), part(qkv, 2), part(out, 0), {}); });
  time(attention_backward_list(), {0, 5 * product}, [&](AttentionBackwardFn* run) {
    run(shape, part(qkv, 0), part(qkv, 1), part(qkv, 2), part(out, 0), part(d, 0), part(d, 1), part(d, 2));
  });
}

void KernelBench::mixing() {
  const Shape per_slot{kImages, kTokens, kSlots}, slots_shape{kExperts, kImages * kSlots / kExperts, kWidth};
  const Tensor logits = tensor(per_slot), weights = tensor(per_slot), dweights = tensor(per_slot),
               x = tensor({kRows, kWidth}), dx = tensor({kRows, kWidth}), slots = tensor(slots_shape),
               dslots = tensor(slots_shape);
  const double product = 2.0 * kRows * kSlots * kWidth, n = kRows * kSlots;
  time(dispatch_list(), {0, product}, [&](DispatchFn* run) { run(weights, x, slots); });
  time(dispatch_backward_list(), {0, 2 * product},
       [&](DispatchBackwardFn* run) { run(weights, x, slots, dweights, dx); });
  time(combine_list(), {0, product}, [&](CombineFn* run) { run(weights, slots, x); });
  time(combine_backward_list(), {0, 2 * product},
       [&](CombineBackwardFn* run) { run(weights, slots, x, dweights, dslots); });
  const Tensor dispatch = tensor(per_slot), combine = tensor(per_slot), dlogits = tensor(per_slot);
  time(soft_weights_list(), {bytes(3, n)}, [&](SoftWeightsFn* run) { run(logits, dispatch, combine); });
  time(soft_weights_backward_list(), {bytes(5, n)},
       [&](SoftWeightsBackwardFn* run) { run(dispatch, combine, weights, dweights, dlogits); });
}

/// At the shapes of a MinAtar agent: 32 states of 10x10x4 with 33 numbers, features of which 0.42 are not 0.
void KernelBench::agents() {
  constexpr int64_t kStates = 32, kPlaces = 64, kFilters = 16, kUnits = 128, kAgentExperts = 8;
  const auto keep = [](const Tensor& t, double share) {
    Rng rng(1, RngPurpose::test);
    for (int64_t i = 0; i < t.size(); ++i) t.f32()[i] = rng.uniform() < share ? std::abs(t.f32()[i]) : 0;
  };
  const Tensor x = tensor({kStates, 10, 10, 4}), w = tensor({3, 3, 4, kFilters}), b = tensor({kFilters}),
               y = tensor({kStates, 8, 8, kFilters});
  keep(x, 33.0 / 400);
  time(convolution_list(), {0, 2.0 * kStates * kPlaces * 36 * kFilters},
       [&](ConvolutionFn* run) { run(x, w, b, {}, y); });
  const int64_t width = kPlaces * kFilters;
  const Tensor features = tensor({kStates, width}), dense = tensor({width, kUnits}), bias = tensor({kUnits}),
               units = tensor({kStates, kUnits});
  keep(features, 0.42);
  const double product = 2.0 * kStates * static_cast<double>(width) * kUnits;
  time(rectified_matmul_list(), {0, product}, [&](RectifiedMatmulFn* run) { run(features, dense, bias, units); });
  time(rectified_matmul_weights_list(), {0, product},
       [&](RectifiedMatmulWeightsFn* run) { run(features, units, dense); });
  const int64_t rows = kStates * kPlaces;
  const ExpertTensors experts{tensor({kAgentExperts, kFilters, kUnits}), tensor({kAgentExperts, kUnits}),
                              tensor({kAgentExperts, kUnits, kFilters}), tensor({kAgentExperts, kFilters})};
  const Tensor slots = tensor({rows, kFilters}), hidden = tensor({rows, kUnits}), out = tensor({rows, kFilters});
  const ExpertTensors gradients{tensor(experts.w1.shape()), tensor(experts.b1.shape()), tensor(experts.w2.shape()),
                                tensor(experts.b2.shape())};
  const Tensor dslots = tensor({rows, kFilters});
  std::vector<int32_t> offset;
  for (int64_t e = 0; e <= kAgentExperts; ++e) offset.push_back(static_cast<int32_t>(e * rows / kAgentExperts));
  const double work = 4.0 * static_cast<double>(rows) * kFilters * kUnits;
  time(narrow_experts_list(), {0, work},
       [&](NarrowExpertsFn* run) { run(slots, offset.data(), experts, hidden, out); });
  time(narrow_experts_backward_list(), {0, 2 * work},
       [&](NarrowExpertsBackwardFn* run) { run(slots, offset.data(), experts, hidden, out, dslots, gradients); });
}

int print_roofline(const KernelBenchOptions& options) {
  const NamedModel named = named_model(options.model, options.settings, 0, 0);
  const VisionTransformer model(named.config, named.image);
  const int64_t batch = options.batch > 0 ? options.batch : named.config.train.batch_size;
  std::cout << options.model << ": " << named.about << "\na training step of " << batch << " images on a GPU, "
            << choice_name(named.config.compute.precision) << " matrix products\n"
            << roofline_table(model, batch, named.config.compute.precision);
  return 0;
}

int bench_kernels(const KernelBenchOptions& options) {
  if (!options.model.empty()) return print_roofline(options);
  set_cpu_threads(options.threads);
  KernelBench bench(options);
  bench.matmul();
  bench.attention();
  bench.mixing();
  bench.agents();
  bench.normalisation();
  bench.elementwise();
  std::cout << bench.text();
  return 0;
}

}  // namespace

void add_bench_kernels_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("kernels", "each implementation of each op beside its reference");
  const auto options = std::make_shared<KernelBenchOptions>();
  command->add_option("--only", options->only, "ops whose name holds this text")->type_name("TEXT");
  command->add_option("--model", options->model, "instead: what a training step of this model or preset asks of a GPU");
  command->add_option("--batch", options->batch, "with --model: images of a step")->check(above_zero());
  command->add_option("--set", options->settings, "with --model: any field, KEY=VALUE; may be repeated")
      ->expected(1)
      ->take_all();
  command->add_option("--threads", options->threads, "threads")->check(above_zero())->capture_default_str();
  command->add_option("--seconds", options->secs, "how long to time each")->capture_default_str();
  command->callback([&action, options] { action = [options] { return bench_kernels(*options); }; });
}

}  // namespace moescope
