// Dispatch and combine: by hand, every implementation against the reference, gradients, and shapes refused at the door.
#include "compute/ops/mixing/mixing.h"

#include <gtest/gtest.h>

#include <array>

#include "compute/core/error.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/mixing/mixing_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Sums of up to 200 products of unit normals, of size 15: rounding of 1e-7 of that.
constexpr double kTolerance = 1e-6;

TEST(Combine, TokenTakesAWeightedSumOfItsSlots) {
  // one token, two experts with one slot each:  0.25*[4,0] + 0.75*[0,8] = [1,6]
  const Buffer weights = tensor_of({1, 1, 2}, {.25f, .75f}), slots = tensor_of({2, 1, 2}, {4, 0, 0, 8});
  Buffer y({1, 2});
  const int64_t before = flops_done();
  combine(weights, slots, y);
  expect_numbers(y, {1, 6}, 0, "y");
  EXPECT_EQ(flops_done() - before, 2 * 1 * 2 * 2);
}

TEST(Dispatch, SlotsAreExpertMajorAcrossGroups) {
  // Two groups of two tokens, two experts with one slot: slot (e, g) = sum_s weights[g,s,e] x[g,s].
  // g0: tokens 1, 2; expert 0 takes 1*1 + 0*2 = 1, expert 1 takes 0*1 + 1*2 = 2
  // g1: tokens 3, 4; expert 0 takes .5*3 + .5*4 = 3.5, expert 1 takes 2*3 + 1*4 = 10.   (E, G*P): [[1, 3.5], [2, 10]]
  const Buffer weights = tensor_of({2, 2, 2}, {1, 0, 0, 1, .5f, 2, .5f, 1}), x = tensor_of({4, 1}, {1, 2, 3, 4});
  Buffer slots({2, 2, 1});
  dispatch(weights, x, slots);
  expect_numbers(slots, {1, 3.5f, 2, 10}, 0, "slots");
}

struct Case {
  int64_t groups, tokens, experts, per_expert, width;
  Buffer weights, x, slots;  // x: also dy; slots: also dslots
  Case(int64_t g, int64_t s, int64_t e, int64_t p, int64_t d)
      : groups(g),
        tokens(s),
        experts(e),
        per_expert(p),
        width(d),
        weights(random_tensor({g, s, e * p}, 1)),
        x(random_tensor({g * s, d}, 2)),
        slots(random_tensor({e, g * p, d}, 3)) {}
};

TEST(Mixing, EveryImplementationAgreesWithTheReference) {
  for (const auto& [g, s, e, p, d] : {std::array<int64_t, 5>{1, 1, 1, 1, 1},
                                      {2, 3, 2, 1, 5},
                                      {1, 49, 16, 3, 128},
                                      {5, 49, 16, 3, 128},
                                      {3, 17, 5, 7, 33},
                                      {1, 197, 3, 17, 49}}) {
    const Case c(g, s, e, p, d);
    const Tensor &w = c.weights, &x = c.x, &slots = c.slots;
    const std::string size = " of " + w.shape().text() + " by " + std::to_string(d);
    Buffer want_slots(slots.shape()), want_y(x.shape()), want_dw(w.shape()), want_dx = copy_of(x), want_dw2(w.shape()),
                                                                             want_dslots(slots.shape());
    Buffer got_slots(slots.shape()), got_y(x.shape()), got_dw(w.shape()), got_dslots(slots.shape());
    reference_of(dispatch_list())(w, x, want_slots);
    reference_of(combine_list())(w, slots, want_y);
    reference_of(dispatch_backward_list())(w, x, slots, want_dw, want_dx);
    reference_of(combine_backward_list())(w, slots, x, want_dw2, want_dslots);
    for_each_implementation(dispatch_list(), [&](DispatchFn* run, const std::string& name) {
      run(w, x, got_slots);
      expect_close(got_slots, want_slots, kTolerance, name + size);
    });
    for_each_implementation(combine_list(), [&](CombineFn* run, const std::string& name) {
      run(w, slots, got_y);
      expect_close(got_y, want_y, kTolerance, name + size);
    });
    for_each_implementation(dispatch_backward_list(), [&](DispatchBackwardFn* run, const std::string& name) {
      Buffer got_dx = copy_of(x);
      run(w, x, slots, got_dw, got_dx);
      expect_close(got_dw, want_dw, kTolerance, name + size + " dweights");
      expect_close(got_dx, want_dx, kTolerance, name + size + " dx");
    });
    for_each_implementation(combine_backward_list(), [&](CombineBackwardFn* run, const std::string& name) {
      run(w, slots, x, got_dw, got_dslots);
      expect_close(got_dw, want_dw2, kTolerance, name + size + " dweights");
      expect_close(got_dslots, want_dslots, kTolerance, name + size + " dslots");
    });
  }
}

TEST(Dispatch, Gradients) {
  const Case c(2, 3, 2, 2, 5);
  Buffer slots(c.slots.tensor().shape()), dweights(c.weights.tensor().shape()), dx(c.x.tensor().shape());
  const auto loss = [&] { return dispatch(c.weights, c.x, slots), dot_product(slots, c.slots); };
  dispatch_backward(c.weights, c.x, c.slots, dweights, dx);
  expect_gradient(loss, c.weights, dweights, "dweights");
  expect_gradient(loss, c.x, dx, "dx");
}

TEST(Combine, Gradients) {
  const Case c(2, 3, 2, 2, 5);
  Buffer y(c.x.tensor().shape()), dweights(c.weights.tensor().shape()), dslots(c.slots.tensor().shape());
  const auto loss = [&] { return combine(c.weights, c.slots, y), dot_product(y, c.x); };
  combine_backward(c.weights, c.slots, c.x, dweights, dslots);
  expect_gradient(loss, c.weights, dweights, "dweights");
  expect_gradient(loss, c.slots, dslots, "dslots");
}

TEST(Mixing, RefusesOtherShapes) {
  const Buffer weights({2, 3, 4}), x({6, 5}), slots({2, 4, 5}), wrong({2, 3, 5});
  dispatch(weights, x, slots);
  try {
    dispatch(weights, x, wrong);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "dispatch: weights (2,3,4) and slots (2,3,5) disagree: expected (G,S,E*P) and (E,G*P,D)");
  }
  EXPECT_THROW(dispatch(weights, weights, slots), ShapeError);
  EXPECT_THROW(combine(weights, slots, weights), ShapeError);
  EXPECT_THROW(dispatch_backward(weights, x, slots, x, x), ShapeError);
  EXPECT_THROW(combine_backward(weights, slots, x, weights, x), ShapeError);
}

}  // namespace
}  // namespace moescope
