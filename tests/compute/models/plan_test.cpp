// The planner against what the engine really does: multiply-adds executed, bytes kept, bytes sent.
#include "compute/models/plan.h"

#include <gtest/gtest.h>

#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"
#include "support/random_tensor.h"
#include "support/small_config.h"

namespace moescope {
namespace {

constexpr ImageShape kImage{28, 28, 1, 10};

RunConfig small(RouterKind kind) {
  RunConfig c = small_config(kind);
  c.router.k = 2;
  return c;
}

/// FLOPs that the ops counted in one inference of 8 images, each.
double executed_flops(VisionTransformer& model) {
  model.parameters().allocate(host_memory(), 3);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &model.config().router;
  const int64_t before = flops_done();
  model.forward(random_tensor({8, 28, 28, 1}, 5).tensor(), pass);
  return static_cast<double>(flops_done() - before) / 8;
}

class ExecutedCost : public testing::TestWithParam<RouterKind> {};

TEST_P(ExecutedCost, IsWhatTheFormulaSays) {
  RunConfig config = small(GetParam());
  config.router.capacity_factor = 8;  // room for every wanted pair, so that the count does not hang on the routing
  if (GetParam() == RouterKind::experts_choice) config.router.capacity_factor = 1;  // always full
  VisionTransformer model(config, kImage);
  EXPECT_DOUBLE_EQ(executed_flops(model), model_cost(model).forward_flops);
}

TEST_P(ExecutedCost, HoldsForAClassTokenAndGroupsOfImages) {
  RunConfig config = small(GetParam());
  config.model.head = HeadKind::token;
  config.model.representation = 32;
  config.router.group_images = 4;
  config.router.capacity_factor = GetParam() == RouterKind::tokens_choice ? 8 : 1;
  VisionTransformer model(config, kImage);
  EXPECT_DOUBLE_EQ(executed_flops(model), model_cost(model).forward_flops);
}

TEST_P(ExecutedCost, ActivationsAreWhatATrainingPassKeeps) {
  const RunConfig config = small(GetParam());
  VisionTransformer model(config, kImage);
  model.parameters().allocate(host_memory(), 3);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &model.config().router;
  pass.training = pass.backward = true;
  const Buffer images = random_tensor({32, 28, 28, 1}, 5);
  model.forward(images, pass);
  arena.reset();  // one block from here on, so that the mark is the number of bytes
  model.forward(images, pass);
  const double kept = static_cast<double>(arena.mark().offset) / 32 / sizeof(float);
  // Not counted: index lists per expert and group, the normalised slot parameters, and the alignment of each tensor.
  EXPECT_NEAR(activation_floats(model), kept, 0.02 * kept);
}

INSTANTIATE_TEST_SUITE_P(Routers, ExecutedCost,
                         testing::Values(RouterKind::dense, RouterKind::soft, RouterKind::tokens_choice,
                                         RouterKind::experts_choice),
                         [](const auto& kind) { return std::string(choice_name(kind.param)); });

TEST(Plan, ExpertsSpreadOverDevices) {
  const VisionTransformer model(small(RouterKind::tokens_choice), kImage);
  const PlanAsk alone{1, Parallel::data, 64, 10}, data{4, Parallel::data, 64, 10}, expert{4, Parallel::expert, 64, 10};
  const ModelPlan one = plan_model(model, alone), replicas = plan_model(model, data),
                  spread = plan_model(model, expert);
  // 2 layers of 8 experts, each 64*96 + 96 + 96*64 + 64
  EXPECT_EQ(one.expert_parameters, 2 * 8 * (64 * 96 + 96 + 96 * 64 + 64));
  EXPECT_EQ(one.all_reduce, 0);
  EXPECT_EQ(one.all_to_all, 0);
  EXPECT_EQ(replicas.weights, one.weights);
  EXPECT_DOUBLE_EQ(replicas.all_reduce, 2 * 0.75 * one.weights);  // a ring: each byte goes round almost twice
  EXPECT_DOUBLE_EQ(one.weights - spread.weights, 4.0 * 0.75 * static_cast<double>(one.expert_parameters));
  // 16 images a device, 98 pairs of 64 floats each, 2 layers, 4 trips, three quarters of the experts elsewhere
  EXPECT_DOUBLE_EQ(spread.all_to_all, 16.0 * 98 * 64 * 4 * 2 * 4 * 0.75);
  EXPECT_DOUBLE_EQ(one.train_exaflops, model_cost(model).forward_flops * 3 * 640e-18);
  EXPECT_THROW(plan_model(model, {3, Parallel::expert, 64, 0}), ConfigError);
  EXPECT_THROW(plan_model(model, {128, Parallel::data, 64, 0}), ConfigError);
}

TEST(Plan, EinsumDispatchGrowsWithTheGroupAndScatterDoesNot) {
  RunConfig config = small(RouterKind::tokens_choice);
  config.router.capacity_factor = 1;
  config.router.group_images = 1;
  const VisionTransformer alone(config, kImage);
  config.router.group_images = 8;
  const VisionTransformer together(config, kImage);
  const ModelPlan one = plan_model(alone, {}), eight = plan_model(together, {});
  EXPECT_NEAR(eight.einsum_flops / one.einsum_flops, 8, 0.5);  // capacities are rounded up: 13 * 8 places for 98 pairs
  EXPECT_EQ(eight.scatter_bytes, one.scatter_bytes);
}

}  // namespace
}  // namespace moescope
