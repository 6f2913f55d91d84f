// Kernels of a step's end: losses, auxiliary losses and their gradients, optimisers and clipping.
#include "compute/cuda/kernels/auxiliary_losses.h"
#include "compute/cuda/kernels/cross_entropy.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/optimizer.h"
#include "compute/moe/auxiliary_losses.h"
#include "compute/moe/router.h"
#include "compute/ops/adamw/adamw.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "compute/ops/softmax/softmax.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

constexpr double kTolerance = 4e-6;  // as in normalize_test

TEST(CudaCrossEntropy, LossGradientAndPredictionAreTheCpus) {
  struct Matrix {
    int64_t rows, classes;
  };
  for (const Matrix m : {Matrix{1, 1}, {9, 10}, {40, 101}})
    for (const auto& [kind, cpu] : {std::pair{Loss::softmax, LossKind::softmax}, {Loss::sigmoid, LossKind::sigmoid}})
      in_every_order([&, kind = kind, cpu = cpu] {
        const Shape shape{m.rows, m.classes};
        const Buffer logits = random_tensor(shape, 61, 5), targets(shape), dlogits(shape);
        moescope::softmax(random_tensor(shape, 62), targets);
        const double want = moescope::cross_entropy(cpu, logits, targets, dlogits, 0.25f);
        const Floats l(logits), t(targets), rows(m.rows);
        const Ints predicted(m.rows);
        const DeviceArray<double> loss(1);
        expect_ran(launch_cross_entropy(
            {kind, l.get(), t.get(), l.get(), rows.get(), predicted.get(), loss.get(), m.rows, m.classes, 0.25f},
            nullptr));
        EXPECT_TRUE(std::abs(loss.get()[0] - want) <= kTolerance * std::abs(want) + 1e-6)
            << loss.get()[0] << " " << want;
        expect_close(l.tensor(), dlogits, kTolerance, "dlogits over the logits");
        for (int64_t r = 0; r < m.rows; ++r) {
          const float* row = logits.f32() + r * m.classes;
          EXPECT_EQ(predicted.get()[r], std::max_element(row, row + m.classes) - row);
        }
      });
}

TEST(CudaCrossEntropy, StaysFiniteFarOut) {
  const Floats logits(std::vector<float>{1e4f, -1e4f}), targets(std::vector<float>{0, 1}), gradient(2), row(1);
  const DeviceArray<double> loss(1);
  for (const Loss kind : {Loss::softmax, Loss::sigmoid}) {
    expect_ran(launch_cross_entropy(
        {kind, logits.get(), targets.get(), gradient.get(), row.get(), nullptr, loss.get(), 1, 2, 1}, nullptr));
    EXPECT_EQ(loss.get()[0], 2e4);
  }
}

struct AuxiliaryCase {
  int64_t tokens, group_tokens, experts, k;
  float deviation;
};
constexpr AuxiliaryCase kAuxiliaryCases[] = {
    {6, 6, 2, 1, 0.5f}, {25, 10, 5, 2, 0.2f}, {300, 300, 33, 3, 0.03f}, {20, 10, 4, 2, 0}};

/// A routing's scores on both sides.
struct Scores {
  explicit Scores(const AuxiliaryCase& c)
      : logits(random_tensor({c.tokens, c.experts}, 63)),
        noisy(copy_of(logits)),
        clean_gates({c.tokens, c.experts}),
        gates({c.tokens, c.experts}),
        expert({c.tokens, c.k}, DType::i32) {
    const Buffer noise = random_tensor({c.tokens, c.experts}, 64, c.deviation);
    for (int64_t i = 0; i < noisy.size(); ++i) noisy.f32()[i] += c.deviation > 0 ? noise.f32()[i] : 0;
    moescope::softmax(logits, clean_gates);
    moescope::softmax(noisy, gates);
    for (int64_t t = 0; t < c.tokens; ++t) {
      std::vector<int32_t> order(static_cast<size_t>(c.experts));
      for (size_t e = 0; e < order.size(); ++e) order[e] = static_cast<int32_t>(e);
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return gates.f32()[t * c.experts + a] > gates.f32()[t * c.experts + b];
      });
      std::copy_n(order.begin(), c.k, expert.i32() + t * c.k);
    }
  }
  Buffer logits, noisy, clean_gates, gates, expert;
};

TEST(CudaAuxiliaryLosses, LossesAndGradientsAreTheCpus) {
  for (const AuxiliaryCase& c : kAuxiliaryCases)
    in_every_order([&] {
      SCOPED_TRACE(c.tokens);
      const Scores s(c);
      const int64_t groups = (c.tokens + c.group_tokens - 1) / c.group_tokens;
      Routing r;
      r.kind = RouterKind::tokens_choice;
      r.groups = groups, r.tokens = c.group_tokens, r.total_tokens = c.tokens, r.experts = c.experts, r.k = c.k;
      r.logits = s.logits, r.noisy_logits = s.noisy, r.gates = s.gates, r.clean_gates = s.clean_gates;
      r.expert = s.expert, r.noise_deviation = c.deviation;
      RouterConfig router;
      router.importance_weight = 0.3, router.load_weight = 0.2, router.gshard_weight = 0.1;
      Arena arena;
      moescope::auxiliary_losses(router, true, r, arena);

      const Floats logits(s.logits), noisy(s.noisy), gates(s.gates), clean(s.clean_gates);
      const Ints expert(s.expert);
      const AuxiliaryScores scores{logits.get(), noisy.get(),    gates.get(), clean.get(), expert.get(),
                                   c.tokens,     c.group_tokens, c.experts,   c.k,         c.deviation};
      const Floats sums(groups * 3 * c.experts), losses(groups * 3), means(4),
          workspace(auxiliary_workspace_floats(c.tokens, c.group_tokens, c.experts));
      expect_ran(launch_auxiliary_losses(
          {scores, {0.3f, 0.2f, 0.1f}, sums.get(), losses.get(), means.get(), workspace.get()}, nullptr));
      // 1e-5: the CPU's own erfc is good to 3e-7, and CV² divides a variance of such numbers by their mean's square.
      if (c.deviation > 0) expect_close(sums.tensor(), r.group_sums, 1e-5, "sums");
      expect_close(losses.tensor(), r.group_losses, 1e-5, "losses");
      const double want[] = {r.importance_loss, r.load_loss, r.gshard_loss, r.weighted_aux};
      for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::abs(means.get()[i] - want[i]) <= 1e-5 * (1 + want[i])) << i;

      const Buffer dgates = random_tensor({c.tokens, c.experts}, 65),
                   dlogits = random_tensor({c.tokens, c.experts}, 66);
      const Floats got_gates(dgates), got_logits(dlogits);
      const double scale = 7, share = scale / static_cast<double>(groups);
      moescope::auxiliary_gate_gradients(router, r, scale, dgates);
      moescope::auxiliary_logit_gradients(router, r, scale, dlogits, arena);
      expect_ran(launch_auxiliary_gate_gradient({scores, static_cast<float>(0.1 * share), sums.get(), got_gates.get()},
                                                nullptr));
      expect_ran(launch_auxiliary_logit_gradient(
          {scores, {static_cast<float>(0.3 * share), static_cast<float>(0.2 * share), 0}, sums.get(), got_logits.get()},
          nullptr));
      expect_close(got_gates.tensor(), dgates, kTolerance, "dgates is added to");
      expect_close(got_logits.tensor(), dlogits, 1e-5, "dlogits is added to");
    });
}

TEST(CudaRouterNoise, DrawsAreTheCpus) {
  constexpr int64_t kSize = 2500;  // two stretches of 1024 and a part
  RouterConfig router;
  Pass pass;
  pass.router = &router;
  pass.seed = 5, pass.step = 17, pass.part = 2;
  const Buffer want({kSize});  // zeros
  moescope::add_router_noise(pass, 3, 1, want);
  const uint64_t seed = Rng(5, RngPurpose::router_noise, 17, 2 * 1024 + 3).bits();
  const DeviceArray<uint64_t> device_seed(std::vector<uint64_t>{seed});
  in_every_order([&] {
    const Floats got(kSize);
    expect_ran(launch_router_noise({device_seed.get(), got.get(), kSize}, nullptr));
    expect_close(got.tensor(), want, 3e-6, "noise");  // the CPU's own logarithm, sine and cosine are good to 3e-7 each
  });
}

TEST(CudaOptimizer, OneLaunchIsTheCpusStretches) {
  constexpr int64_t kSize = 700;
  const int64_t begins[] = {0, 1, 300, 333, kSize};
  in_every_order([&] {
    const Buffer g = random_tensor({kSize}, 67), m = random_tensor({kSize}, 68), v({kSize}),
                 w = random_tensor({kSize}, 69);
    for (int64_t i = 0; i < kSize; ++i) v.f32()[i] = m.f32()[i] * m.f32()[i];
    const Floats dg(g), dm(m), dv(v), dw(w), sgd_m(m), sgd_w(w), scale(std::vector<float>{0.5f});
    const Buffer cpu_sgd_m = copy_of(m), cpu_sgd_w = copy_of(w);
    std::vector<OptimizerStretch> stretches;
    for (int i = 0; i < 4; ++i) {
      const float rate = 0.01f, decay = 0.1f * static_cast<float>(i);
      const int64_t step = i + 1;
      const auto part = [&](const Buffer& x) { return x.tensor().rows(begins[i], begins[i + 1]); };
      moescope::adamw({rate, 0.9f, 0.99f, 1e-2f, decay, step, 0.5f}, part(g), part(m), part(v), part(w));
      moescope::sgd_momentum({rate, 0.9f, decay, 0.5f}, part(g), part(cpu_sgd_m), part(cpu_sgd_w));
      const auto correction = [&](double beta) { return static_cast<float>(1 / (1 - std::pow(beta, step))); };
      stretches.push_back({begins[i], rate, decay, correction(0.9f), correction(0.99f)});
    }
    const DeviceArray<OptimizerStretch> table(stretches);
    const DeviceArray<uint16_t> bf16(kSize);
    expect_ran(launch_adamw(
        {dg.get(), dm.get(), dv.get(), dw.get(), bf16.get(), table.get(), scale.get(), kSize, 4, 0.9f, 0.99f, 1e-2f},
        nullptr));
    expect_close(dm.tensor(), m, kTolerance, "m");
    expect_close(dv.tensor(), v, kTolerance, "v");
    expect_close(dw.tensor(), w, kTolerance, "parameters");
    for (int64_t i = 0; i < kSize; ++i)
      ASSERT_TRUE(std::abs(on_host_float(bf16.get()[i]) - dw.get()[i]) <= std::abs(dw.get()[i]) / 256) << i;
    expect_ran(launch_sgd_momentum(
        {dg.get(), sgd_m.get(), sgd_w.get(), nullptr, table.get(), scale.get(), kSize, 4, 0.9f}, nullptr));
    expect_close(sgd_m.tensor(), cpu_sgd_m, kTolerance, "momentum");
    expect_close(sgd_w.tensor(), cpu_sgd_w, kTolerance, "parameters of SGD");
  });
}

TEST(CudaOptimizer, AStepThatDivergedChangesNothing) {
  const DeviceArray<double> squares(std::vector<double>{std::nan("1")});
  const Floats norm(1), scale(1), w(std::vector<float>{1, 2}), m(std::vector<float>{3, 4}), g(std::vector<float>{5, 6});
  const DeviceArray<OptimizerStretch> table(std::vector<OptimizerStretch>{{0, 0.1f, 0, 1, 1}});
  expect_ran(launch_clip({squares.get(), norm.get(), scale.get(), 1}, nullptr));
  EXPECT_TRUE(std::isnan(norm.get()[0]));
  EXPECT_TRUE(std::isnan(scale.get()[0]));
  expect_ran(launch_sgd_momentum({g.get(), m.get(), w.get(), nullptr, table.get(), scale.get(), 2, 1, 0.9f}, nullptr));
  EXPECT_EQ(w.host(), (std::vector<float>{1, 2}));
  EXPECT_EQ(m.host(), (std::vector<float>{3, 4}));
}

TEST(CudaOptimizer, ClipsAtTheLimit) {
  const Floats norm(1), scale(1);
  for (const auto& [squares, limit, want] : {std::array<double, 3>{16, 1, 0.25}, {16, 5, 1}, {16, 0, 1}}) {
    const DeviceArray<double> device(std::vector<double>{squares});
    expect_ran(launch_clip({device.get(), norm.get(), scale.get(), limit}, nullptr));
    EXPECT_EQ(norm.get()[0], 4);
    EXPECT_EQ(scale.get()[0], static_cast<float>(want));
  }
}

}  // namespace
}  // namespace moescope::cuda
