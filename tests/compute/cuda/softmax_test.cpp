// Softmax kernels: plain rows, and Soft MoE's two softmaxes of the same logits.
#include "compute/ops/softmax/softmax.h"

#include <limits>

#include "compute/cuda/kernels/soft_weights.h"
#include "compute/cuda/kernels/softmax.h"
#include "compute/ops/soft_weights/soft_weights.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

// Exponentials to 2 units in the last place and float sums of up to some hundred terms, against sums in double.
constexpr double kTolerance = 2e-6;

struct Matrix {
  int64_t rows, columns;
};
// Around a warp, around a block's eight rows, and an attention row of a ViT-S.
constexpr Matrix kMatrices[] = {{1, 1}, {3, 31}, {9, 32}, {8, 33}, {17, 197}};

TEST(CudaSoftmax, RowsAreTheCpus) {
  for (const Matrix m : kMatrices)
    in_every_order([&] {
      const Buffer x = random_tensor({m.rows, m.columns}, 1, 3), want = Buffer({m.rows, m.columns});
      moescope::softmax(x, want);
      const Floats in(x), out(x.size());
      expect_ran(launch_softmax({in.get(), out.get(), m.rows, m.columns}, nullptr));
      expect_close(out.tensor(), want, kTolerance, "softmax");
    });
}

TEST(CudaSoftmax, MayOverwriteItsInput) {
  const Buffer x = random_tensor({5, 40}, 2), want = Buffer({5, 40});
  moescope::softmax(x, want);
  const Floats in_out(x);
  expect_ran(launch_softmax({in_out.get(), in_out.get(), 5, 40}, nullptr));
  expect_close(in_out.tensor(), want, kTolerance, "softmax in place");
}

TEST(CudaSoftmax, LetsNanThrough) {
  Buffer x = random_tensor({2, 40}, 2);
  x.f32()[33] = std::numeric_limits<float>::quiet_NaN();
  const Floats in(x), out(x.size());
  expect_ran(launch_softmax({in.get(), out.get(), 2, 40}, nullptr));
  EXPECT_TRUE(std::isnan(out.get()[0])) << "the row with a NaN";
  EXPECT_FALSE(std::isnan(out.get()[40])) << "the row without";
}

TEST(CudaSoftmax, BackwardIsTheCpus) {
  for (const Matrix m : kMatrices)
    in_every_order([&] {
      const Shape shape{m.rows, m.columns};
      const Buffer x = random_tensor(shape, 3), dy = random_tensor(shape, 4), y(shape), want(shape);
      moescope::softmax(x, y);
      moescope::softmax_backward(y, dy, want);
      const Floats device_y(y), in_out(dy);
      expect_ran(launch_softmax_backward({device_y.get(), in_out.get(), in_out.get(), m.rows, m.columns}, nullptr));
      expect_close(in_out.tensor(), want, kTolerance, "softmax_backward in place");
    });
}

struct SoftCase {
  int64_t groups, tokens, slots;
};
constexpr SoftCase kSoftCases[] = {{1, 1, 1}, {2, 7, 33}, {1, 49, 64}, {3, 17, 31}};

TEST(CudaSoftWeights, BothSoftmaxesAreTheCpus) {
  for (const SoftCase c : kSoftCases)
    in_every_order([&] {
      const Shape shape{c.groups, c.tokens, c.slots};
      const Buffer logits = random_tensor(shape, 5, 4), dispatch(shape), combine(shape);
      moescope::soft_weights(logits, dispatch, combine);
      const Floats device_dispatch(logits.size()), in_out(logits);
      expect_ran(launch_soft_weights(
          {in_out.get(), device_dispatch.get(), in_out.get(), nullptr, c.groups, c.tokens, c.slots, 1}, nullptr));
      expect_close(device_dispatch.tensor(), dispatch, kTolerance, "dispatch");
      expect_close(in_out.tensor(), combine, kTolerance, "combine over the logits");
    });
}

TEST(CudaSoftWeights, NoSlotTakesAMaskedToken) {
  in_every_order([&] {
    const Shape shape{2, 5, 6};
    Buffer logits = random_tensor(shape, 6), dispatch(shape), combine(shape);
    const std::vector<uint8_t> mask = {1, 0, 1, 1, 0, 1, 1, 1, 1, 0};
    const Floats device_logits(logits), device_dispatch(logits.size()), device_combine(logits.size());
    const DeviceArray<uint8_t> device_mask(mask);
    expect_ran(launch_soft_weights(
        {device_logits.get(), device_dispatch.get(), device_combine.get(), device_mask.get(), 2, 5, 6, 0.5f}, nullptr));
    for (int64_t i = 0; i < logits.size(); ++i)  // as SoftRouter: temperature 2, then the mask
      logits.f32()[i] = mask[static_cast<size_t>(i / 6)] ? 0.5f * logits.f32()[i] : -std::numeric_limits<float>::max();
    moescope::soft_weights(logits, dispatch, combine);
    expect_close(device_dispatch.tensor(), dispatch, kTolerance, "dispatch");
    expect_close(device_combine.tensor(), combine, kTolerance, "combine");
    EXPECT_EQ(device_dispatch.get()[6], 0) << "token 1 is masked";
  });
}

TEST(CudaSoftWeights, BackwardIsTheCpus) {
  for (const SoftCase c : kSoftCases)
    in_every_order([&] {
      const Shape shape{c.groups, c.tokens, c.slots};
      const Buffer logits = random_tensor(shape, 7, 2), ddispatch = random_tensor(shape, 8),
                   dcombine = random_tensor(shape, 9);
      const Buffer dispatch(shape), combine(shape), want(shape);
      moescope::soft_weights(logits, dispatch, combine);
      moescope::soft_weights_backward(dispatch, combine, ddispatch, dcombine, want);
      const Floats d(dispatch), w(combine), dd(ddispatch), in_out(dcombine),
          workspace(soft_weights_workspace_floats(c.groups, c.slots));
      expect_ran(launch_soft_weights_backward({d.get(), w.get(), dd.get(), in_out.get(), in_out.get(), nullptr,
                                               c.groups, c.tokens, c.slots, 1, workspace.get()},
                                              nullptr));
      expect_close(in_out.tensor(), want, kTolerance, "dlogits over dcombine");
    });
}

TEST(CudaSoftWeights, AMaskedTokenGetsNoGradientAndTheTemperatureScalesTheOthers) {
  in_every_order([&] {
    const Shape shape{1, 3, 35};
    const Buffer dispatch = random_tensor(shape, 101), combine = random_tensor(shape, 102),
                 ddispatch = random_tensor(shape, 103), dcombine = random_tensor(shape, 104), want(shape);
    moescope::soft_weights_backward(dispatch, combine, ddispatch, dcombine, want);
    for (int64_t i = 0; i < want.size(); ++i) want.f32()[i] *= i / 35 == 1 ? 0 : 0.5f;
    const Floats d(dispatch), w(combine), dd(ddispatch), dw(dcombine), got(want.size()), workspace(35);
    const DeviceArray<uint8_t> mask(std::vector<uint8_t>{1, 0, 1});
    expect_ran(launch_soft_weights_backward(
        {d.get(), w.get(), dd.get(), dw.get(), got.get(), mask.get(), 1, 3, 35, 0.5f, workspace.get()}, nullptr));
    // sums of 35 products of normal draws, which do not sum to 1 as weights would
    expect_close(got.tensor(), want, 4e-6, "dlogits");
  });
}

TEST(CudaSoftWeights, FixedOnesAreUniformOrOneToOne) {
  struct Extents {
    int64_t groups, tokens, slots;
  };
  for (const Extents e : {Extents{1, 1, 1}, {3, 7, 7}, {2, 33, 31}, {1, 197, 128}})
    in_every_order([&] {
      const Floats uniform(e.groups * e.tokens * e.slots), identity(uniform.size());
      expect_ran(launch_fix_weights({uniform.get(), e.groups, e.tokens, e.slots, 0.25f, false}, nullptr));
      expect_ran(launch_fix_weights({identity.get(), e.groups, e.tokens, e.slots, 0.25f, true}, nullptr));
      for (int64_t i = 0; i < uniform.size(); ++i) {
        ASSERT_EQ(uniform.get()[i], 0.25f) << i;
        ASSERT_EQ(identity.get()[i], i / e.slots % e.tokens == i % e.slots ? 1 : 0) << i;
      }
    });
}

}  // namespace
}  // namespace moescope::cuda
