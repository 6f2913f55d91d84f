// Sparse dispatch and combine by index: by hand, every implementation against the reference, gradients, shapes refused.
#include "compute/ops/gather/gather.h"

#include <gtest/gtest.h>

#include <vector>

#include "compute/core/error.h"
#include "compute/ops/gather/gather_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Dot products of up to 200 numbers of order 1.
constexpr double kTolerance = 1e-6;

// Owns the arrays of a PairList.
struct Routing {
  std::vector<int32_t> token, begin, pairs_of_token;
  Buffer weight;

  Routing(int64_t tokens, std::vector<int32_t> token_of_pair, uint64_t seed = 1)
      : token(std::move(token_of_pair)), weight(random_tensor({static_cast<int64_t>(token.size())}, seed)) {
    for (int32_t t = 0; t < tokens; ++t) {
      begin.push_back(static_cast<int32_t>(pairs_of_token.size()));
      for (size_t r = 0; r < token.size(); ++r)
        if (token[r] == t) pairs_of_token.push_back(static_cast<int32_t>(r));
    }
    begin.push_back(static_cast<int32_t>(pairs_of_token.size()));
  }
  PairList list() const {
    return {static_cast<int64_t>(begin.size()) - 1,
            static_cast<int64_t>(token.size()),
            token.data(),
            weight.f32(),
            begin.data(),
            pairs_of_token.data()};
  }
};

TEST(Gather, ByHand) {
  // Three tokens 10, 20, 30; pairs take tokens 2, 0, 2 with weights 1, 2, 3; token 1 is in none (dropped).
  Routing routing(3, {2, 0, 2});
  for (int i = 0; i < 3; ++i) routing.weight.f32()[i] = static_cast<float>(i + 1);
  const Buffer x = tensor_of({3, 1}, {10, 20, 30});
  Buffer rows({3, 1}), y({3, 1}), dx = tensor_of({3, 1}, {1, 1, 1}), dweight({3});
  gather_rows(routing.list(), x, rows);
  expect_numbers(rows, {30, 10, 30}, 0, "rows");
  combine_rows(routing.list(), rows, y);  // token 0: 2*10; token 1: nothing; token 2: 1*30 + 3*30
  expect_numbers(y, {20, 0, 120}, 0, "y");
  gather_rows_backward(routing.list(), rows, dx);  // 1 + 10; 1; 1 + 30 + 30
  expect_numbers(dx, {11, 1, 61}, 0, "dx");
  const Buffer dy = tensor_of({3, 1}, {1, 2, 3});
  combine_rows_backward(routing.list(), rows, dy, rows, dweight);  // in place
  expect_numbers(rows, {3, 2, 9}, 0, "drows");                     // weight * dy[token]
  expect_numbers(dweight, {90, 10, 90}, 0, "dweight");             // dy[token] * rows
}

TEST(Gather, EveryImplementationAgreesWithTheReference) {
  for (const int64_t d : {1, 3, 17, 49, 128, 197}) {
    const int64_t tokens = 150;
    std::vector<int32_t> token;
    Rng rng(3, RngPurpose::test);
    for (int r = 0; r < 300; ++r) token.push_back(static_cast<int32_t>(rng.below(tokens)));
    const int64_t pairs = static_cast<int64_t>(token.size());
    const Routing routing(tokens, token);
    const PairList list = routing.list();
    const Buffer rows = random_tensor({pairs, d}, 2), dy = random_tensor({tokens, d}, 3);
    Buffer want_y({tokens, d}), want_dx = random_tensor({tokens, d}, 4), want_drows({pairs, d}), want_dweight({pairs});
    Buffer y({tokens, d}), dweight({pairs});
    reference_of(combine_rows_list())(list, rows, want_y);
    reference_of(gather_rows_backward_list())(list, rows, want_dx);
    reference_of(combine_rows_backward_list())(list, rows, dy, want_drows, want_dweight);
    const std::string width = " of " + std::to_string(d);
    for_each_implementation(gather_rows_list(), [&](GatherRowsFn* run, const std::string& name) {
      Buffer got({pairs, d});
      run(list, dy, got);
      for (int64_t r = 0; r < pairs; ++r)
        for (int64_t i = 0; i < d; ++i) ASSERT_EQ(got.f32()[r * d + i], dy.f32()[token[r] * d + i]) << name << width;
    });
    for_each_implementation(combine_rows_list(), [&](CombineRowsFn* run, const std::string& name) {
      run(list, rows, y);
      expect_close(y, want_y, kTolerance, name + width);
    });
    for_each_implementation(gather_rows_backward_list(), [&](GatherRowsBackwardFn* run, const std::string& name) {
      Buffer dx = random_tensor({tokens, d}, 4);
      run(list, rows, dx);
      expect_close(dx, want_dx, kTolerance, name + width);
    });
    for_each_implementation(combine_rows_backward_list(), [&](CombineRowsBackwardFn* run, const std::string& name) {
      Buffer in_place = copy_of(rows);
      run(list, in_place, dy, in_place, dweight);
      expect_close(in_place, want_drows, kTolerance, name + width + " drows");
      expect_close(dweight, want_dweight, kTolerance, name + width + " dweight");
    });
  }
}

TEST(Gather, Gradients) {
  const Routing routing(4, {2, 0, 2, 3, 0});
  const PairList list = routing.list();
  const Buffer x = random_tensor({4, 3}, 2), drows = random_tensor({5, 3}, 3), rows = random_tensor({5, 3}, 4),
               dy = random_tensor({4, 3}, 5);
  Buffer gathered({5, 3}), dx({4, 3}), y({4, 3}), d({5, 3}), dweight({5});
  gather_rows_backward(list, drows, dx);
  expect_gradient([&] { return gather_rows(list, x, gathered), dot_product(gathered, drows); }, x, dx, "dx");
  combine_rows_backward(list, rows, dy, d, dweight);
  const auto loss = [&] { return combine_rows(list, rows, y), dot_product(y, dy); };
  expect_gradient(loss, rows, d, "drows");
  expect_gradient(loss, routing.weight, dweight, "dweight");
}

TEST(Gather, NoPairsAtAllGiveZeros) {
  const Routing routing(2, {});
  const Buffer rows({0, 3});
  Buffer y = random_tensor({2, 3}, 1);
  combine_rows(routing.list(), rows, y);
  expect_numbers(y, {0, 0, 0, 0, 0, 0}, 0, "y");
}

TEST(Gather, RefusesOtherShapes) {
  const Routing routing(3, {0, 1});
  const Buffer x({3, 4}), rows({2, 4}), wrong({3, 4}), narrow({2, 3});
  try {
    gather_rows(routing.list(), x, wrong);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(
        e.what(),
        "gather_rows: x (3,4) and rows (3,4) do not fit a routing of 3 tokens and 2 pairs: expected one row each");
  }
  EXPECT_THROW(gather_rows(routing.list(), x, narrow), ShapeError);
  EXPECT_THROW(gather_rows_backward(routing.list(), narrow, x), ShapeError);
  EXPECT_THROW(combine_rows(routing.list(), rows, rows), ShapeError);
  EXPECT_THROW(combine_rows_backward(routing.list(), rows, x, rows, x), ShapeError);
}

}  // namespace
}  // namespace moescope
