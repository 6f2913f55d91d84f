// Layers against finite differences, parameters and inputs alike; and parameters' names, places and starts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "compute/core/arena.h"
#include "compute/nn/map_head.h"
#include "compute/nn/mlp.h"
#include "compute/nn/norm.h"
#include "compute/nn/parameters.h"
#include "compute/nn/row_slices.h"
#include "compute/nn/self_attention.h"
#include "compute/nn/torch_init.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

/// Runs `forward` (x -> y) and `backward` (dy -> dx) once, then holds dx and every parameter's gradient against
/// finite differences of <y, dy>.
void expect_layer_gradients(ParameterSet& parameters, const Tensor& x, Shape y_shape,
                            const std::function<void(const Tensor& y)>& forward,
                            const std::function<void(const Tensor& dy, const Tensor& dx)>& backward) {
  parameters.allocate(host_memory(), 5);
  for (const Parameter& p : parameters.all())  // away from the symmetric start, where some gradients vanish
    for (int64_t i = 0; i < p.value.size(); ++i) p.value.f32()[i] += 0.3f * std::sin(static_cast<float>(7 * i + 3));
  const Buffer y(y_shape), dx(x.shape());
  const Buffer dy = random_tensor(y_shape, 11);
  parameters.zero_gradients();
  forward(y);
  backward(dy, dx);
  const auto loss = [&] {
    forward(y);
    return dot_product(y, dy);
  };
  expect_gradient(loss, x, dx, "dx");
  for (const Parameter& p : parameters.all()) expect_gradient(loss, p.value, p.gradient, p.name);
}

TEST(Mlp, Gradients) {
  ParameterSet parameters;
  const Mlp mlp(parameters, "mlp", 6, 10);
  Arena arena;
  Mlp::Context context;
  const Buffer x = random_tensor({7, 6}, 1);
  expect_layer_gradients(
      parameters, x, {7, 6}, [&](const Tensor& y) { mlp.forward(x, y, arena, true, context); },
      [&](const Tensor& dy, const Tensor& dx) { mlp.backward(context, dy, dx, arena); });
}

TEST(Mlp, ALongBatchGivesWhatItsPartsGive) {
  ParameterSet parameters;
  const Mlp mlp(parameters, "mlp", 6, 10);
  parameters.allocate(host_memory(), 5);
  Arena arena;
  Mlp::Context context;
  const int64_t rows = 2 * kRowsAtOnce + 300;
  const Buffer x = random_tensor({rows, 6}, 1), dy = random_tensor({rows, 6}, 2);
  Buffer y[2] = {Buffer({rows, 6}), Buffer({rows, 6})}, dx[2] = {Buffer({rows, 6}), Buffer({rows, 6})};
  std::vector<Buffer> gradients[2];
  for (const int way : {0, 1}) {  // all rows in one call, and a slice a call
    parameters.zero_gradients();
    const int64_t step = way == 0 ? rows : kRowsAtOnce;
    for (int64_t begin = 0; begin < rows; begin += step) {
      const int64_t end = std::min(rows, begin + step);
      arena.reset();
      mlp.forward(x.tensor().rows(begin, end), y[way].tensor().rows(begin, end), arena, true, context);
      mlp.backward(context, dy.tensor().rows(begin, end), dx[way].tensor().rows(begin, end), arena);
    }
    for (const Parameter& p : parameters.all()) gradients[way].push_back(copy_of(p.gradient));
  }
  constexpr double kTolerance = 2e-5;  // float32 sums over two thousand rows in another order
  expect_close(y[0], y[1], kTolerance, "y");
  expect_close(dx[0], dx[1], kTolerance, "dx");
  for (size_t i = 0; i < gradients[0].size(); ++i)
    expect_close(gradients[0][i], gradients[1][i], kTolerance, parameters.all()[i].name);
}

TEST(Norm, GradientsWithAResidual) {
  ParameterSet parameters;
  const Norm norm(parameters, "norm", 9);
  Arena arena;
  Norm::Context context;
  const Buffer x = random_tensor({5, 9}, 1), residual = random_tensor({5, 9}, 2), sum({5, 9});
  expect_layer_gradients(
      parameters, x, {5, 9}, [&](const Tensor& y) { norm.forward(x, residual, sum, y, arena, true, context); },
      [&](const Tensor& dy, const Tensor& dx) { norm.backward(context, dy, dx); });
}

class WithQkNorm : public testing::TestWithParam<bool> {};

TEST_P(WithQkNorm, SelfAttentionGradients) {
  ParameterSet parameters;
  const SelfAttention attention(parameters, "attn", 8, 2, GetParam());
  Arena arena;
  SelfAttention::Context context;
  const Buffer x = random_tensor({2 * 5, 8}, 1);
  expect_layer_gradients(
      parameters, x, {10, 8}, [&](const Tensor& y) { attention.forward(x, 2, y, arena, true, context); },
      [&](const Tensor& dy, const Tensor& dx) { attention.backward(context, dy, dx, arena); });
}

TEST_P(WithQkNorm, MapHeadGradients) {
  ParameterSet parameters;
  const MapHead head(parameters, "map", 8, 2, 12, GetParam());
  Arena arena;
  MapHead::Context context;
  const Buffer x = random_tensor({3 * 4, 8}, 1);
  expect_layer_gradients(
      parameters, x, {3, 8}, [&](const Tensor& y) { head.forward(x, 3, y, arena, true, context); },
      [&](const Tensor& dy, const Tensor& dx) { head.backward(context, dy, dx, arena); });
}

INSTANTIATE_TEST_SUITE_P(QkNorm, WithQkNorm, testing::Bool());

TEST(SelfAttention, ShowsItsProbabilitiesAndForgetsTheRest) {
  ParameterSet parameters;
  const SelfAttention attention(parameters, "attn", 8, 2, false);
  parameters.allocate(host_memory(), 1);
  Arena arena;
  SelfAttention::Context context;
  const Buffer x = random_tensor({2 * 5, 8}, 1), y({10, 8}), probabilities({2, 2, 5, 5});
  const Arena::Mark before = arena.mark();
  attention.forward(x, 2, y, arena, /*keep=*/false, context, probabilities);
  EXPECT_EQ(arena.mark().offset, before.offset);
  for (int64_t row = 0; row < 2 * 2 * 5; ++row) {
    float sum = 0;
    for (int64_t j = 0; j < 5; ++j) sum += probabilities.f32()[row * 5 + j];
    EXPECT_NEAR(sum, 1, 1e-5);  // rounding of five terms
  }
}

TEST(ParameterSet, PlacesEachOnACacheLineAndKeepsTheCountHonest) {
  ParameterSet parameters;
  Parameter* a = parameters.add("a", {3}, ParameterRole::bias, Init::constant(2));
  Parameter* b = parameters.add("b", {2, 5}, ParameterRole::kernel, Init::lecun_normal(5));
  parameters.allocate(host_memory(), 1);
  EXPECT_EQ(parameters.count(), 13);
  EXPECT_EQ(b->offset % 16, 0);
  EXPECT_EQ(a->value.f32()[2], 2.0f);
  EXPECT_EQ(a->value.f32()[3], 0.0f);  // padding
  EXPECT_THROW(parameters.add("a", {1}, ParameterRole::bias, Init::constant(0)), std::logic_error);
}

TEST(ParameterSet, ADrawDependsOnTheNameAloneNotOnItsNeighbours) {
  ParameterSet one, two;
  one.add("w", {8}, ParameterRole::kernel, Init::xavier_uniform(4, 4));
  two.add("v", {8}, ParameterRole::kernel, Init::xavier_uniform(4, 4));
  two.add("w", {8}, ParameterRole::kernel, Init::xavier_uniform(4, 4));
  one.allocate(host_memory(), 3);
  two.allocate(host_memory(), 3);
  const Tensor a = one.find("w")->value, b = two.find("w")->value, v = two.find("v")->value;
  for (int64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(a.f32()[i], b.f32()[i]);
    EXPECT_NE(v.f32()[i], b.f32()[i]);
    EXPECT_LE(std::abs(a.f32()[i]), std::sqrt(6.0f / 8.0f));
  }
}

TEST(ParameterSet, IdenticalExpertsStartEqual) {
  ParameterSet parameters;
  Parameter* w = parameters.add("w", {3, 2, 2}, ParameterRole::kernel, Init::xavier_uniform(2, 2).identical(3));
  parameters.allocate(host_memory(), 1);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(w->value.f32()[i], w->value.f32()[4 + i]);
    EXPECT_EQ(w->value.f32()[i], w->value.f32()[8 + i]);
  }
  EXPECT_NE(w->value.f32()[0], w->value.f32()[1]);
}

TEST(TorchInit, DrawsAsPyTorchsLayersDo) {
  ParameterSet parameters;
  parameters.add("fc.w", {400, 100}, ParameterRole::kernel, Init::xavier_uniform(400, 100));
  parameters.add("fc.b", {5000}, ParameterRole::bias, Init::constant(0));
  parameters.add("experts.w", {4, 100, 50}, ParameterRole::kernel, Init::xavier_uniform(100, 50).identical(4));
  parameters.add("experts.b", {4, 50}, ParameterRole::bias, Init::normal(1));
  parameters.add("phi", {100, 20, 4}, ParameterRole::slots, Init::normal(5));
  parameters.add("norm.g", {10}, ParameterRole::norm, Init::constant(1));
  parameters.add("head.w", {400, 10}, ParameterRole::head_kernel, Init::constant(0));
  use_torch_init(parameters);
  parameters.allocate(host_memory(), 1);
  const auto value = [&](const char* name) { return parameters.find(name)->value; };
  const auto largest = [&](const char* name) {
    double most = 0;
    for (int64_t i = 0; i < value(name).size(); ++i) most = std::max<double>(most, std::abs(value(name).f32()[i]));
    return most;
  };
  const auto deviation = [&](const char* name) {
    double sum = 0;
    for (int64_t i = 0; i < value(name).size(); ++i) sum += std::pow(value(name).f32()[i], 2);
    return std::sqrt(sum / static_cast<double>(value(name).size()));
  };
  // of 5,000 draws and more: the largest is within 1 % of its limit, a deviation within 5 %
  EXPECT_LE(largest("fc.w"), 0.05);
  EXPECT_GT(largest("fc.w"), 0.0495);
  EXPECT_NEAR(deviation("fc.w"), 0.05 / std::sqrt(3), 0.05 * 0.03);
  EXPECT_LE(largest("fc.b"), 0.05);
  EXPECT_GT(largest("fc.b"), 0.0495);
  EXPECT_NEAR(deviation("experts.w"), 0.1, 0.005);
  EXPECT_EQ(value("experts.w").f32()[7], value("experts.w").f32()[3 * 5000 + 7]);  // still identical experts
  EXPECT_EQ(largest("experts.b"), 0);
  EXPECT_NEAR(deviation("phi"), 0.1, 0.005);
  EXPECT_EQ(deviation("norm.g"), 1);
  EXPECT_EQ(largest("head.w"), 0);  // asked for by model.zero_head
}

}  // namespace
}  // namespace moescope
