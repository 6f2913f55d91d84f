// Targets, projections and losses: by hand, and gradients by finite differences.
#include "compute/rl/td.h"

#include <gtest/gtest.h>

#include "compute/rl/q_output.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope::rl {
namespace {

TEST(Td, TargetTakesTheBestNextActionOrTheChosenOne) {
  // r + discount * max(2, 5) = 1 + 0.5 * 5; double DQN's choice of action 0: 1 + 0.5 * 2; an episode that ended: r.
  const Buffer next = tensor_of({2, 2}, {2, 5, 7, 7}), choice({2}, DType::i32);
  const std::vector<float> rewards = {1, -1}, discounts = {0.5f, 0};
  std::vector<float> targets(2);
  td_targets(rewards, discounts, next, {}, targets);
  EXPECT_EQ(targets, (std::vector<float>{3.5f, -1}));
  td_targets(rewards, discounts, next, choice, targets);
  EXPECT_EQ(targets, (std::vector<float>{2, -1}));
}

TEST(Td, ProjectionSharesEachAtomBetweenItsNeighbours) {
  // Atoms -1, 0, 1. All mass on 1 moves to 0.5 + 0.5*1 = 1 and stays; on 0 it moves to 0.5: half to 0, half to 1.
  const Buffer next = tensor_of({2, 3}, {0, 0, 1, 0, 1, 0}), projected({2, 3});
  c51_project(std::vector<float>{0.5f, 0.5f}, std::vector<float>{0.5f, 0.5f}, next, 1, projected);
  expect_numbers(projected, {0, 0, 1, 0, 0.5f, 0.5f}, 1e-7, "projected");
}

TEST(Td, LossIsTheWeightedSquareAndTouchesTheChosenActionAlone) {
  // errors 1 - 3 = -2 and 0 - 4 = -4: (1*4 + 0.5*16) / 2 = 6; d/dq = -2 * weight * error / 2.
  const Buffer q = tensor_of({2, 2}, {3, 9, 9, 4}), dq({2, 2});
  std::vector<float> sample(2);
  const double loss =
      td_loss(q, std::vector<int32_t>{0, 1}, std::vector<float>{1, 0}, std::vector<float>{1, 0.5f}, dq, sample);
  EXPECT_DOUBLE_EQ(loss, 6);
  EXPECT_EQ(sample, (std::vector<float>{4, 16}));
  expect_numbers(dq, {2, 0, 0, 2}, 0, "dq");
}

TEST(Td, GradientOfTheDistributionalLoss) {
  const Buffer logits = random_tensor({3, 2, 5}, 1), target = random_tensor({3, 5}, 2), dlogits({3, 2, 5});
  for (int64_t i = 0; i < target.size(); ++i) target.f32()[i] = std::abs(target.f32()[i]);
  const std::vector<int32_t> actions = {1, 0, 1};
  const std::vector<float> weights = {1, 0.5f, 0.25f};
  std::vector<float> sample(3);
  const Buffer scratch({3, 2, 5});
  const auto loss = [&] { return c51_loss(logits, actions, target, weights, scratch, sample); };
  c51_loss(logits, actions, target, weights, dlogits, sample);
  expect_gradient(loss, logits, dlogits, "dlogits");
}

TEST(Td, ValueOfADistributionIsItsMean) {
  // Equal logits on atoms -2, 0, 2: mean 0; all weight on the last: 2.
  const Buffer logits = tensor_of({1, 2, 3}, {0, 0, 0, -100, -100, 0}), q({1, 2});
  action_values(logits, 2, q);
  expect_numbers(q, {0, 2}, 1e-6, "q");
}

}  // namespace
}  // namespace moescope::rl
