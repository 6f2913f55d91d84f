// The experts' slices: however the rows are cut, each expert's rows meet that expert alone.
#include "compute/moe/experts.h"

#include <gtest/gtest.h>

#include <vector>

#include "compute/nn/row_slices.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

constexpr int64_t kWidth = 5, kHidden = 7;
// Gradients are float32 sums over a few thousand rows, taken in another order.
constexpr double kTolerance = 2e-5;

struct Rows {
  Buffer in, hidden, out, dout, din;
  explicit Rows(int64_t count, int64_t columns)
      : in(random_tensor({count, kWidth}, 1)),
        hidden(Shape{count, columns}),
        out(Shape{count, kWidth}),
        dout(random_tensor({count, kWidth}, 2)),
        din(Shape{count, kWidth}) {}
};

struct Case {
  std::vector<int32_t> offset;
  Activation activation;
};

class ExpertSlices : public testing::TestWithParam<Case> {
 protected:
  /// Forward and backward of experts [first, last) over rows [begin, end) in one call.
  void run(const Experts& experts, int64_t first, int64_t last, const std::vector<int32_t>& offset, int64_t begin,
           Rows& r) {
    const int64_t end = begin + offset.back();
    Arena arena;
    const auto part = [&](const Tensor& x) { return x.rows(begin, end); };
    experts.forward(first, last, offset.data(), part(r.in), part(r.hidden), part(r.out), end - begin, arena);
    experts.backward(first, last, offset.data(), part(r.in), part(r.hidden), part(r.dout), part(r.din), end - begin,
                     arena);
  }
};

TEST_P(ExpertSlices, GiveWhatTheirPartsGive) {
  const auto& [offset, activation] = GetParam();
  MoeLayerShape shape;
  shape.num_experts = static_cast<int64_t>(offset.size()) - 1;
  shape.width = kWidth;
  shape.hidden = kHidden;
  shape.activation = activation;
  ParameterSet parameters;
  const Experts experts(parameters, "moe", shape);
  parameters.allocate(host_memory(), 3);

  Rows whole(offset.back(), experts.hidden_columns()), parts(offset.back(), experts.hidden_columns());
  parameters.zero_gradients();
  run(experts, 0, shape.num_experts, offset, 0, whole);
  std::vector<Buffer> gradients;
  for (const Parameter& p : parameters.all()) gradients.push_back(copy_of(p.gradient));

  parameters.zero_gradients();
  for (int64_t e = 0; e < shape.num_experts; ++e)  // each expert alone, in parts that are no longer than a slice
    for (int64_t begin = offset[e]; begin < offset[e + 1]; begin += kRowsAtOnce)
      run(experts, e, e + 1, {0, static_cast<int32_t>(std::min(kRowsAtOnce, offset[e + 1] - begin))}, begin, parts);
  expect_close(whole.out, parts.out, kTolerance, "outputs");
  expect_close(whole.hidden, parts.hidden, kTolerance, "hidden");
  expect_close(whole.din, parts.din, kTolerance, "gradient of the rows");
  for (size_t i = 0; i < gradients.size(); ++i)
    expect_close(gradients[i], parameters.all()[i].gradient, kTolerance, parameters.all()[i].name);

  Arena arena;
  experts.forward(0, shape.num_experts, offset.data(), whole.in, {}, parts.out, offset.back(), arena);
  expect_close(parts.out, whole.out, kTolerance, "outputs without keeping the hidden layer");
}

INSTANTIATE_TEST_SUITE_P(
    Offsets, ExpertSlices,
    testing::Values(Case{{0, 0, 700, 705, 3000, 3000, 4100, 4100}, Activation::gelu_tanh},  // ragged, some idle
                    Case{{0, 400, 800, 1200, 1600, 2000, 2400}, Activation::gelu_tanh},     // equal, several in a slice
                    Case{{0, 1500, 3000, 4500}, Activation::gelu_tanh},  // equal, longer than a slice
                    Case{{0, 900, 1100, 2600}, Activation::geglu}));

}  // namespace
}  // namespace moescope
