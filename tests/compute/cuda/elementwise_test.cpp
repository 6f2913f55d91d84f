// Kernels of one number at a time and of columns: activations with their bias, sums, copies, bfloat16.
#include "compute/cuda/kernels/elementwise.h"

#include "compute/cuda/kernels/activation.h"
#include "compute/cuda/kernels/column_sums.h"
#include "compute/ops/activation/activation.h"
#include "compute/ops/adamw/adamw.h"
#include "compute/ops/reduce/reduce.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

// Elementary functions of both sides are good to a few units in the last place; sums of up to 600 terms as in
// normalize_test.
constexpr double kTolerance = 4e-6;

constexpr std::pair<ActivationKind, Activation> kKinds[] = {{ActivationKind::gelu_tanh, Activation::gelu_tanh},
                                                            {ActivationKind::gelu_erf, Activation::gelu_erf},
                                                            {ActivationKind::relu, Activation::relu},
                                                            {ActivationKind::geglu, Activation::geglu}};

TEST(CudaActivation, ForwardWithBiasPerExpertIsTheCpus) {
  constexpr int64_t kExperts = 3, kRows = 5, kColumns = 34;
  for (const auto& [kind, cpu] : kKinds)
    in_every_order([&] {
      const bool gated = kind == ActivationKind::geglu;
      const Shape shape{kExperts * kRows, kColumns}, out{kExperts * kRows, gated ? kColumns / 2 : kColumns};
      const Buffer x = random_tensor(shape, 31, 3), bias = random_tensor({kExperts, kColumns}, 32), sum = copy_of(x),
                   want(out);
      for (int64_t i = 0; i < x.size(); ++i)
        sum.f32()[i] += bias.f32()[i / (kRows * kColumns) * kColumns + i % kColumns];
      moescope::activation(cpu, sum, want);
      const Floats in(x), b(bias), got(want.size());
      const DeviceArray<uint16_t> bf16(want.size());
      expect_ran(launch_activation(
          {kind, in.get(), b.get(), in.get(), got.get(), bf16.get(), kExperts * kRows, kColumns, kRows}, nullptr));
      expect_close(got.tensor(), want, kTolerance, "y");
      expect_close(in.tensor(), sum, 0, "x with its bias");
      for (int64_t i = 0; i < got.size(); ++i)
        ASSERT_TRUE(std::abs(on_host_float(bf16.get()[i]) - got.get()[i]) <= std::abs(got.get()[i]) / 256) << i;
    });
}

TEST(CudaActivation, BackwardIsTheCpus) {
  for (const auto& [kind, cpu] : kKinds)
    in_every_order([&] {
      const bool gated = kind == ActivationKind::geglu;
      const Shape shape{7, 66}, out{7, gated ? 33 : 66};
      Buffer x = random_tensor(shape, 33, 3);
      x.f32()[0] = 0, x.f32()[1] = 40, x.f32()[2] = -40;  // relu's corner, and where x² overflows nothing
      const Buffer dy = random_tensor(out, 34), dx(shape), y(out);
      moescope::activation_backward(cpu, x, dy, dx, y);
      const Floats in(x), d(dy), got(dx.size()), got_y(y.size());
      expect_ran(launch_activation_backward(
          {kind, in.get(), d.get(), gated ? got.get() : d.get(), got_y.get(), nullptr, 7, 66}, nullptr));
      expect_close((gated ? got : d).tensor(), dx, kTolerance, "dx");
      expect_close(got_y.tensor(), y, kTolerance, "y again");
    });
}

TEST(CudaActivation, FarOutStaysFinite) {
  const Floats x(std::vector<float>{1e20f, -1e20f, 3e38f}), dy(std::vector<float>{1, 1, 1}), dx(3);
  expect_ran(launch_activation_backward(
      {ActivationKind::gelu_tanh, x.get(), dy.get(), dx.get(), nullptr, nullptr, 1, 3}, nullptr));
  EXPECT_EQ(dx.host(), (std::vector<float>{1, 0, 1}));
}

TEST(CudaActivation, TanhIsTheCpus) {
  in_every_order([&] {
    const Buffer x = random_tensor({4, 75}, 35), bias = random_tensor({75}, 36), sum = copy_of(x), y({4, 75});
    for (int64_t i = 0; i < x.size(); ++i) sum.f32()[i] += bias.f32()[i % 75];
    moescope::tanh_forward(sum, y);
    const Floats in(x), b(bias), got(x.size());
    expect_ran(launch_tanh({in.get(), b.get(), got.get(), 4, 75}, nullptr));
    expect_close(got.tensor(), y, kTolerance, "y");
    const Buffer dy = random_tensor({4, 75}, 37), dx({4, 75});
    moescope::tanh_backward(y, dy, dx);
    const Floats d(dy), device_y(y);
    expect_ran(launch_tanh_backward({device_y.get(), d.get(), d.get(), 300}, nullptr));
    expect_close(d.tensor(), dx, kTolerance, "dx over dy");
  });
}

TEST(CudaColumnSums, OfEqualExpertsAreTheCpus) {
  struct Case {
    int64_t blocks, rows, columns;
  };
  for (const Case c : {Case{1, 1, 1}, {3, 257, 33}, {2, 600, 31}, {1, 256, 65}})
    in_every_order([&] {
      const Buffer x = random_tensor({c.blocks * c.rows, c.columns}, 38),
                   sums = random_tensor({c.blocks, c.columns}, 39);
      const Floats in(x), got(sums), workspace(column_sums_workspace_floats(c.blocks, c.rows, c.columns));
      for (int64_t b = 0; b < c.blocks; ++b)
        moescope::add_column_sums(x.tensor().rows(b * c.rows, (b + 1) * c.rows), sums.tensor().row(b));
      expect_ran(launch_column_sums(
          {in.get(), got.get(), c.blocks, c.rows, c.columns, c.columns, 1, true, workspace.get()}, nullptr));
      expect_close(got.tensor(), sums, kTolerance, "sums are added to");
    });
}

TEST(CudaColumnSums, ReadsColumnsOfAWiderMatrix) {
  in_every_order([&] {  // columns 5 to 40 of 50, times -2
    const Buffer x = random_tensor({300, 50}, 46), want({35});
    for (int64_t i = 0; i < 300; ++i)
      for (int64_t c = 0; c < 35; ++c) want.f32()[c] -= 2 * x.f32()[i * 50 + 5 + c];
    const Floats in(x), got(35), workspace(column_sums_workspace_floats(1, 300, 35));
    expect_ran(launch_column_sums({in.get() + 5, got.get(), 1, 300, 35, 50, -2, false, workspace.get()}, nullptr));
    expect_close(got.tensor(), want, kTolerance, "sums");
  });
}

TEST(CudaColumnSums, AMeanOverTokensOverwritesWhatWasThere) {
  const Buffer x = random_tensor({2 * 49, 20}, 40), mean({2, 20}), dx({2 * 49, 20});
  moescope::mean_rows(x, 2, mean);
  const Floats in(x), got(40), workspace(column_sums_workspace_floats(2, 49, 20)), spread(x.size());  // got is NaN
  expect_ran(launch_column_sums({in.get(), got.get(), 2, 49, 20, 20, 1.0f / 49, false, workspace.get()}, nullptr));
  expect_close(got.tensor(), mean, kTolerance, "mean");
  moescope::mean_rows_backward(mean, 2, dx);
  const Floats dmean(mean);
  expect_ran(launch_spread_rows({dmean.get(), spread.get(), 2, 49, 20, 1.0f / 49}, nullptr));
  expect_close(spread.tensor(), dx, kTolerance, "dx");
}

TEST(CudaElementwise, AddsFillsAndRepeatsRows) {
  in_every_order([&] {
    const Buffer x = random_tensor({6, 35}, 41), table = random_tensor({3, 35}, 42), want = copy_of(x);
    moescope::add_to_each(table, want, 2);
    const Floats in_out(x), t(table), sum(210), filled(37);
    expect_ran(launch_add_rows({t.get(), in_out.get(), 6, 35, 3, 1}, nullptr));
    expect_close(in_out.tensor(), want, 0, "a table of 3 rows added twice");
    expect_ran(launch_add({in_out.get(), sum.get(), 210, 2, 0}, nullptr));  // sum is NaN and must not be read
    expect_ran(launch_add({in_out.get(), sum.get(), 210, -1, 1}, nullptr));
    expect_close(sum.tensor(), want, kTolerance, "2x - x");
    expect_ran(launch_fill({filled.get(), 37, 2.5f}, nullptr));
    EXPECT_EQ(filled.host(), std::vector<float>(37, 2.5f));
    const Ints ints(37);
    expect_ran(launch_fill_int({ints.get(), 37, -1}, nullptr));
    EXPECT_EQ(ints.host(), std::vector<int32_t>(37, -1));
  });
}

TEST(CudaElementwise, TransposesOddMatrices) {
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{1, 1}, {33, 31}, {5, 70}})
    in_every_order([&, rows = rows, columns = columns] {
      const Buffer x = random_tensor({2, rows, columns}, 43), want({2, columns, rows});
      for (int64_t i = 0; i < x.size(); ++i) {
        const int64_t batch = i / (rows * columns), r = i / columns % rows, c = i % columns;
        want.f32()[(batch * columns + c) * rows + r] = x.f32()[i];
      }
      const Floats in(x), got(x.size());
      expect_ran(launch_transpose({in.get(), got.get(), 2, rows, columns}, nullptr));
      expect_close(got.tensor(), want, 0, "transposed");
    });
}

TEST(CudaElementwise, RoundsToBfloat16AsTheCpuDoes) {
  Buffer x = random_tensor({301}, 44, 100), want({301});
  x.f32()[0] = 1.00390625f, x.f32()[1] = 1.01171875f, x.f32()[2] = -INFINITY, x.f32()[3] = 3.4e38f;  // two ties
  moescope::round_to_bf16(x, want);
  const Floats in(x);
  const DeviceArray<uint16_t> bits(301);
  expect_ran(launch_to_bf16({in.get(), bits.get(), in.get(), 301}, nullptr));
  for (int64_t i = 0; i < 301; ++i) {
    EXPECT_EQ(in.get()[i], want.f32()[i]) << i;
    EXPECT_EQ(on_host_float(bits.get()[i]), want.f32()[i]) << i;
  }
  const Floats widened(301);
  expect_ran(launch_from_bf16({bits.get(), widened.get(), 301}, nullptr));
  for (int64_t i = 0; i < 301; ++i) EXPECT_EQ(widened.get()[i], want.f32()[i]) << i;
  const Floats nan(std::vector<float>{std::nanf("1")});
  expect_ran(launch_to_bf16({nan.get(), nullptr, nan.get(), 1}, nullptr));
  EXPECT_TRUE(std::isnan(nan.get()[0]));
}

TEST(CudaElementwise, DotsAddInAFixedOrder) {
  std::vector<double> results;
  in_every_order([&] {
    const Buffer x = random_tensor({40000}, 45);
    const Floats in(x);
    const DeviceArray<double> result(1), workspace(dot_workspace_doubles(40000));
    const Floats total(std::vector<float>{1});
    expect_ran(launch_dot({in.get(), in.get(), 40000, result.get(), total.get(), workspace.get()}, nullptr));
    const double want = moescope::sum_of_squares(x);
    EXPECT_NEAR(result.get()[0] / want, 1, 1e-12);  // doubles on both sides, other orders
    EXPECT_NEAR(total.get()[0] / (want + 1), 1, 1e-6);
    results.push_back(result.get()[0]);
  });
  for (double one : results) EXPECT_EQ(one, results[0]) << "every order gives the same bits";
}

}  // namespace
}  // namespace moescope::cuda
