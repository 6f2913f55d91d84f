// Up, a launch or two, down again; nothing here is on a training step's way.
#include "compute/cuda/single_ops.h"

#include "compute/cuda/kernels/auxiliary_losses.h"
#include "compute/cuda/kernels/experts_choice.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/softmax.h"
#include "compute/cuda/kernels/tokens_choice.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFour = 4;  // bytes of a float and of an int32_t

/// A stream and memory for as long as one op takes.
struct Bench {
  DeviceMemory memory;
  Stream stream;
  Blas blas{memory, Precision::float32};
  Arena arena{memory};
  device_api::StepPlan plan{};
  Run run{stream, arena, blas, plan};

  float* up(const float* host, int64_t n) {
    float* there = run.floats(n);
    check(cudaMemcpyAsync(there, host, static_cast<size_t>(n * kFour), cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
    return there;
  }
  void down(const void* there, void* host, int64_t n) {
    if (host)
      check(cudaMemcpyAsync(host, there, static_cast<size_t>(n * kFour), cudaMemcpyDeviceToHost, stream),
            "cudaMemcpyAsync");
  }
};

SlotTable make_slots(const Run& run, int64_t tokens, int64_t experts, int64_t capacity, int64_t choices) {
  const int64_t places = experts * capacity;
  return {run.ints(places), run.floats(places), run.ints(tokens * choices), tokens, experts, 1, capacity, choices};
}

/// The auxiliary gradients by the logits with one weight set.
void bring_gradient(Bench& bench, const AuxiliaryScores& scores, const float* sums, AuxiliaryWeights weights,
                    float* host) {
  const int64_t size = scores.tokens * scores.experts;
  float* gradient = bench.run.zeros(size);
  if (weights.gshard > 0) {
    bench.run.launch(launch_auxiliary_gate_gradient, {scores, weights.gshard, sums, gradient});
    bench.run.launch(launch_softmax_backward, {scores.gates, gradient, gradient, scores.tokens, scores.experts});
  } else {
    bench.run.launch(launch_auxiliary_logit_gradient, {scores, weights, sums, gradient});
  }
  bench.down(gradient, host, size);
}

}  // namespace

void choose(const device_api::ChoiceAsk& a) {
  Bench bench;
  const Run& run = bench.run;
  const float* gates = bench.up(a.gates, a.tokens * a.experts);
  if (a.router == RouterKind::experts_choice) {
    int32_t* chosen = run.ints(a.experts * a.capacity);
    const SlotTable slots = make_slots(run, a.tokens, a.experts, a.capacity, a.experts);
    void* workspace = run.bytes(experts_choice_workspace_bytes(1, a.tokens, a.experts));
    run.launch(launch_experts_choice, {gates, chosen, slots, {}, a.tokens, a.capacity, workspace});
    bench.down(chosen, a.chosen, a.experts * a.capacity);
  } else {
    int32_t *expert = run.ints(a.tokens * a.k), *place = run.ints(a.tokens * a.k);
    const SlotTable slots = make_slots(run, a.tokens, a.experts, a.capacity, a.k);
    void* workspace = run.bytes(tokens_choice_workspace_bytes(a.tokens, a.tokens, a.experts, a.k, a.bpr != 0));
    run.launch(launch_top_k, {gates, expert, a.tokens, a.experts, a.k});
    run.launch(launch_tokens_choice,
               {gates, expert, place, nullptr, slots, {}, a.k, a.tokens, a.capacity, a.bpr != 0, workspace});
    bench.down(expert, a.expert, a.tokens * a.k);
    bench.down(place, a.place, a.tokens * a.k);
  }
  bench.stream.synchronize();
}

void auxiliary(const device_api::AuxiliaryAsk& a) {
  Bench bench;
  const Run& run = bench.run;
  const int64_t size = a.tokens * a.experts;
  float *logits = bench.up(a.logits, size), *noise = bench.up(a.noise, size);
  float *noisy = run.floats(size), *clean_gates = run.floats(size), *gates = run.floats(size);
  int32_t* expert = run.ints(a.tokens * a.k);
  run.launch(launch_gate,
             {logits, noise, noisy, clean_gates, gates, nullptr, a.tokens, a.experts, a.k, a.deviation, 1});
  run.launch(launch_top_k, {noisy, expert, a.tokens, a.experts, a.k});
  const AuxiliaryScores scores{logits,   noisy,    gates,     clean_gates, expert,
                               a.tokens, a.tokens, a.experts, a.k,         a.deviation};
  float *sums = run.floats(3 * a.experts), *losses = run.floats(3), *means = run.floats(4);
  float* workspace = run.floats(auxiliary_workspace_floats(a.tokens, a.tokens, a.experts));
  run.launch(launch_auxiliary_losses, {scores, {1, 1, 1}, sums, losses, means, workspace});
  bench.down(losses, a.losses, 3);
  bring_gradient(bench, scores, sums, {1, 0, 0}, a.by_importance);
  bring_gradient(bench, scores, sums, {0, 1, 0}, a.by_load);
  bring_gradient(bench, scores, sums, {0, 0, 1}, a.by_gshard);
  bench.stream.synchronize();
}

}  // namespace moescope::cuda
