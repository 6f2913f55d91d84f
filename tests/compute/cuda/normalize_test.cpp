// Normalisation kernels: unit rows and columns, and layers, forward and back.
#include "compute/cuda/kernels/l2_normalize.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/ops/l2_normalize/l2_normalize.h"
#include "compute/ops/layer_norm/layer_norm.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

// Float sums of up to 300 terms in strides of 32 and trees of 5, against the CPU's: about 15 roundings of 6e-8 on terms
// of the sum's size, doubled where two sums are multiplied.
constexpr double kTolerance = 4e-6;

struct Matrix {
  int64_t rows, columns;
};
constexpr Matrix kMatrices[] = {{1, 1}, {9, 31}, {8, 33}, {300, 64}, {3, 197}};
constexpr std::pair<Epsilon, NormEps> kEpsilons[] = {
    {Epsilon::inside, NormEps::inside}, {Epsilon::outside, NormEps::outside}, {Epsilon::clamp, NormEps::clamp}};

/// Row 0 (or column 0) is zeros, where the three places of epsilon differ.
Buffer with_zeros(Matrix m, bool row) {
  Buffer x = random_tensor({m.rows, m.columns}, 11);
  for (int64_t i = 0; i < (row ? m.columns : m.rows); ++i) x.f32()[row ? i : i * m.columns] = 0;
  return x;
}

TEST(CudaL2Normalize, RowsAreTheCpus) {
  for (const Matrix m : kMatrices)
    for (const auto& [epsilon, cpu] : kEpsilons)
      in_every_order([&] {
        const Buffer x = with_zeros(m, true), gains = random_tensor({m.columns}, 12), want({m.rows, m.columns});
        moescope::l2_normalize_rows(cpu, x, want, 3, gains);
        const Floats in_out(x), device_gains(gains), scale(std::vector<float>{1.5f});
        expect_ran(launch_l2_normalize_rows(
            {in_out.get(), in_out.get(), m.rows, m.columns, epsilon, 2, scale.get(), device_gains.get()}, nullptr));
        expect_close(in_out.tensor(), want, kTolerance, "rows, gain 2 * 1.5");
      });
}

TEST(CudaL2Normalize, ColumnsAreTheCpus) {
  for (const Matrix m : kMatrices)
    for (const auto& [epsilon, cpu] : kEpsilons)
      in_every_order([&] {
        const Buffer x = with_zeros(m, false), want({m.rows, m.columns});
        moescope::l2_normalize_columns(cpu, x, want, 0.7f);
        const Floats in_out(x);
        expect_ran(launch_l2_normalize_columns(
            {in_out.get(), in_out.get(), m.rows, m.columns, epsilon, 0.7f, nullptr, nullptr}, nullptr));
        expect_close(in_out.tensor(), want, kTolerance, "columns");
      });
}

TEST(CudaL2Normalize, RowsBackwardIsTheCpus) {
  for (const Matrix m : kMatrices)
    for (const auto& [epsilon, cpu] : kEpsilons)
      in_every_order([&] {
        const Shape shape{m.rows, m.columns};
        const Buffer x = with_zeros(m, true), dy = random_tensor(shape, 13), gains = random_tensor({m.columns}, 12);
        const Buffer dx = random_tensor(shape, 14), dgains = random_tensor({m.columns}, 15);
        const Floats dx_device(dx), dgains_device(dgains), device_x(x), device_dy(dy), device_gains(gains);
        moescope::l2_normalize_rows_backward(cpu, x, dy, dx, 2, gains, dgains);
        const Floats workspace(l2_normalize_workspace_floats(m.rows, m.columns));
        expect_ran(launch_l2_normalize_rows_backward(
            {device_x.get(), device_dy.get(), dx_device.get(), m.rows, m.columns, epsilon, 2, nullptr,
             device_gains.get(), dgains_device.get(), workspace.get()},
            nullptr));
        expect_close(dx_device.tensor(), dx, kTolerance, "dx is added to");
        expect_close(dgains_device.tensor(), dgains, kTolerance, "dgains is added to");
      });
}

TEST(CudaL2Normalize, ColumnsBackwardIsTheCpus) {
  for (const Matrix m : kMatrices)
    for (const auto& [epsilon, cpu] : kEpsilons)
      in_every_order([&] {
        const Shape shape{m.rows, m.columns};
        const Buffer x = with_zeros(m, false), dy = random_tensor(shape, 13), dx = random_tensor(shape, 14);
        const Floats dx_device(dx), device_x(x), device_dy(dy);
        moescope::l2_normalize_columns_backward(cpu, x, dy, dx, 1.3f);
        expect_ran(launch_l2_normalize_columns_backward({device_x.get(), device_dy.get(), dx_device.get(), m.rows,
                                                         m.columns, epsilon, 1.3f, nullptr, nullptr, nullptr, nullptr},
                                                        nullptr));
        expect_close(dx_device.tensor(), dx, kTolerance, "dx is added to");
      });
}

TEST(CudaL2Normalize, ALearnedScaleOnTheDeviceCountsOnTheWayBackToo) {
  in_every_order([&] {
    const Buffer x = random_tensor({9, 33}, 11), dy = random_tensor({9, 33}, 13), rows({9, 33}), columns({9, 33});
    moescope::l2_normalize_rows_backward(NormEps::inside, x, dy, rows, 3);
    moescope::l2_normalize_columns_backward(NormEps::inside, x, dy, columns, 3);
    const Floats x_(x), dy_(dy), scale(std::vector<float>{1.5f}), got_rows(std::vector<float>(297)),
        got_columns(std::vector<float>(297)), workspace(l2_normalize_workspace_floats(9, 33));
    expect_ran(launch_l2_normalize_rows_backward({x_.get(), dy_.get(), got_rows.get(), 9, 33, Epsilon::inside, 2,
                                                  scale.get(), nullptr, nullptr, workspace.get()},
                                                 nullptr));
    expect_ran(launch_l2_normalize_columns_backward(
        {x_.get(), dy_.get(), got_columns.get(), 9, 33, Epsilon::inside, 2, scale.get(), nullptr, nullptr, nullptr},
        nullptr));
    expect_close(got_rows.tensor(), rows, kTolerance, "rows, gain 2 * 1.5");
    expect_close(got_columns.tensor(), columns, kTolerance, "columns, gain 2 * 1.5");
  });
}

TEST(CudaLayerNorm, DoesWithoutWhatIsOptional) {
  const Buffer x = random_tensor({9, 40}, 28), scale = random_tensor({40}, 29), y({9, 40});
  moescope::layer_norm(x, scale, {}, y, {}, {});
  const Floats in_out(x), s(scale);
  expect_ran(launch_layer_norm(
      {in_out.get(), nullptr, s.get(), nullptr, in_out.get(), nullptr, nullptr, nullptr, nullptr, 9, 40, kLayerNormEps},
      nullptr));
  expect_close(in_out.tensor(), y, kTolerance, "y over x");
}

TEST(CudaLayerNorm, ForwardIsTheCpus) {
  for (const Matrix m : kMatrices)
    in_every_order([&] {
      const Shape shape{m.rows, m.columns};
      const Buffer x = random_tensor(shape, 16), residual = random_tensor(shape, 17);
      const Buffer scale = random_tensor({m.columns}, 18), bias = random_tensor({m.columns}, 19);
      const Buffer y(shape), mean({m.rows}), rstd({m.rows}), sum(shape);
      moescope::layer_norm(x, scale, bias, y, mean, rstd, 0.01f, residual, sum);
      const Floats a(x), b(residual), s(scale), c(bias), got(x.size()), got_mean(m.rows), got_rstd(m.rows);
      const DeviceArray<uint16_t> bf16(x.size());
      // 0.01: a row of one number has no variance, and 1/sqrt(1e-6) would enlarge the sums' rounding a thousandfold.
      expect_ran(launch_layer_norm({a.get(), b.get(), s.get(), c.get(), got.get(), got_mean.get(), got_rstd.get(),
                                    a.get(), bf16.get(), m.rows, m.columns, 0.01f},
                                   nullptr));
      expect_close(got.tensor(), y, kTolerance, "y");
      expect_close(a.tensor(), sum, 0, "the sum, over x");
      expect_close(got_mean.tensor(), mean, kTolerance, "mean");
      expect_close(got_rstd.tensor(), rstd, kTolerance, "rstd");
      for (int64_t i = 0; i < got.size(); ++i) {
        const float one = on_host_float(bf16.get()[i]);
        ASSERT_TRUE(std::abs(one - got.get()[i]) <= std::abs(got.get()[i]) / 256) << "bf16 at " << i;
      }
    });
}

TEST(CudaLayerNorm, BackwardIsTheCpus) {
  for (const Matrix m : kMatrices)
    in_every_order([&] {
      const Shape shape{m.rows, m.columns};
      const Buffer x = random_tensor(shape, 16), scale = random_tensor({m.columns}, 18), dy = random_tensor(shape, 20);
      const Buffer y(shape), mean({m.rows}), rstd({m.rows});
      moescope::layer_norm(x, scale, {}, y, mean, rstd, 0.01f);
      const Buffer dx = random_tensor(shape, 21), dscale = random_tensor({m.columns}, 22),
                   dbias = random_tensor({m.columns}, 23);
      const Floats a(x), s(scale), mu(mean), r(rstd), d(dy), got(dx), got_scale(dscale), got_bias(dbias);
      moescope::layer_norm_backward(x, scale, mean, rstd, dy, dx, dscale, dbias);
      const Floats workspace(layer_norm_workspace_floats(m.rows, m.columns));
      expect_ran(launch_layer_norm_backward({a.get(), s.get(), mu.get(), r.get(), d.get(), got.get(), got_scale.get(),
                                             got_bias.get(), m.rows, m.columns, workspace.get()},
                                            nullptr));
      expect_close(got.tensor(), dx, kTolerance, "dx is added to");
      expect_close(got_scale.tensor(), dscale, kTolerance, "dscale is added to");
      expect_close(got_bias.tensor(), dbias, kTolerance, "dbias is added to");
    });
}

TEST(CudaLayerNorm, HeadsAreTheCpus) {
  constexpr int64_t kRows = 11, kHeads = 3, kWidth = 37, kStride = 2 * kHeads * kWidth;
  in_every_order([&] {
    const Buffer x = random_tensor({kRows, kStride}, 24), scale = random_tensor({kWidth}, 25);
    const Buffer y({kRows, kHeads * kWidth}), dy = random_tensor({kRows, kHeads * kWidth}, 26);
    const Buffer dx({kRows, kHeads * kWidth}), dscale = random_tensor({kWidth}, 27);
    const Floats a(x), s(scale), got(y.size()), d(dy), got_scale(dscale);
    moescope::head_norm(x.f32(), kStride, kRows, kHeads, scale, y.f32(), kHeads * kWidth);
    expect_ran(launch_head_norm(
        {a.get(), s.get(), got.get(), kStride, kHeads * kWidth, kRows, kHeads, kWidth, kLayerNormEps}, nullptr));
    expect_close(got.tensor(), y, kTolerance, "y");
    moescope::head_norm_backward(x.f32(), kStride, kRows, kHeads, scale, dy.f32(), kHeads * kWidth, dx.f32(),
                                 kHeads * kWidth, dscale);
    const Floats workspace(layer_norm_workspace_floats(kRows * kHeads, kWidth));
    expect_ran(launch_head_norm_backward({a.get(), s.get(), d.get(), d.get(), got_scale.get(), kStride, kHeads * kWidth,
                                          kHeads * kWidth, kRows, kHeads, kWidth, kLayerNormEps, workspace.get()},
                                         nullptr));
    expect_close(d.tensor(), dx, kTolerance, "dx over dy");
    expect_close(got_scale.tensor(), dscale, kTolerance, "dscale is added to");
  });
}

}  // namespace
}  // namespace moescope::cuda
