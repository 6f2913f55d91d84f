// Sparse routing kernels: gate, assignment by tokens and by experts, dispatch and combine, all the way back to the
// gates.
#include <gmock/gmock.h>

#include "compute/core/rng.h"
#include "compute/cuda/kernels/experts_choice.h"
#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/gather.h"
#include "compute/cuda/kernels/sort.h"
#include "compute/cuda/kernels/tokens_choice.h"
#include "compute/moe/experts_choice.h"
#include "compute/moe/order.h"
#include "compute/moe/tokens_choice.h"
#include "compute/ops/softmax/softmax.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"
#include "support/routing_of.h"

namespace moescope::cuda {
namespace {

constexpr double kTolerance = 4e-6;  // as in softmax_test: sums of up to some hundred floats

struct RoutingCase {
  int64_t tokens, group_tokens, experts, k, capacity, last_capacity;
  bool bpr, some_off;
};
// One token; ragged groups; experts beyond a warp; more than one stretch of 256 choices; a group that takes two tiles
// of the sort.
constexpr RoutingCase kCases[] = {{1, 1, 1, 1, 1, 1, false, false},
                                  {13, 5, 4, 2, 2, 1, false, true},
                                  {30, 10, 33, 3, 1, 1, true, false},
                                  {150, 100, 5, 2, 25, 13, true, true},
                                  {1100, 1100, 3, 1, 300, 300, true, false}};

/// Gates with exact ties.
Buffer gates_of(const RoutingCase& c) {
  Buffer gates({c.tokens, c.experts});
  Rng rng(51, RngPurpose::test);
  for (int64_t i = 0; i < gates.size(); ++i) gates.f32()[i] = static_cast<float>(rng.below(7)) * 0.5f;
  moescope::softmax(gates, gates);
  return gates;
}

/// Every third expert is off, when some are.
std::vector<uint8_t> off_of(const RoutingCase& c) {
  std::vector<uint8_t> off(static_cast<size_t>(c.experts));
  for (size_t e = 0; e < off.size(); ++e) off[e] = c.some_off && e % 3 == 1 ? 1 : 0;
  return off;
}

/// A slot table in device memory.
struct Table {
  Table(const RoutingCase& c, int64_t choices)
      : groups((c.tokens + c.group_tokens - 1) / c.group_tokens),
        token(c.experts * groups * c.capacity),
        weight(token.size()),
        token_slots(c.tokens * choices),
        table{token.get(), weight.get(), token_slots.get(), c.tokens, c.experts, groups, c.capacity, choices} {}
  int64_t groups;
  Ints token;
  Floats weight;
  Ints token_slots;
  SlotTable table;

  /// Slots that hold a token, in order: the CPU's packed pairs.
  std::vector<int64_t> taken() const {
    std::vector<int64_t> slots;
    for (int64_t i = 0; i < token.size(); ++i)
      if (token.get()[i] >= 0) slots.push_back(i);
    return slots;
  }
};

void expect_pairs(const Table& got, const PairList& want) {
  const std::vector<int64_t> taken = got.taken();
  ASSERT_EQ(static_cast<int64_t>(taken.size()), want.num_pairs);
  for (int64_t r = 0; r < want.num_pairs; ++r) {
    const int64_t slot = taken[static_cast<size_t>(r)];
    ASSERT_EQ(got.token.get()[slot], want.token[r]) << "token of pair " << r;
    ASSERT_EQ(got.weight.get()[slot], want.weight[r]) << "weight of pair " << r;
  }
  for (int64_t t = 0; t < want.num_tokens; ++t) {  // the order in which a token's slots are added
    std::vector<int64_t> slots, pairs;
    for (int64_t i = 0; i < got.table.choices; ++i)
      if (got.token_slots.get()[t * got.table.choices + i] >= 0)
        slots.push_back(got.token_slots.get()[t * got.table.choices + i]);
    for (int32_t i = want.token_begin[t]; i < want.token_begin[t + 1]; ++i)
      pairs.push_back(taken[static_cast<size_t>(want.token_pairs[i])]);
    ASSERT_EQ(slots, pairs) << "slots of token " << t;
  }
}

Routing cpu_routing(RouterKind kind, const RoutingCase& c, const Buffer& gates, const std::vector<uint8_t>& off,
                    Arena& arena) {
  Routing r = routing_of(kind, gates, c.group_tokens, kind == RouterKind::tokens_choice ? c.k : 0, c.capacity);
  r.last_capacity = c.last_capacity;
  r.expert_off = off.data();
  if (kind == RouterKind::tokens_choice)
    choose_by_tokens(r, c.bpr, arena);
  else
    choose_by_experts(r, arena);
  return r;
}

TEST(CudaGate, IsTheCpusSoftmaxAndChoice) {
  for (const auto& [tokens, experts, k] : {std::array<int64_t, 3>{1, 1, 1}, {9, 5, 2}, {17, 40, 4}})
    in_every_order([&, tokens = tokens, experts = experts, k = k] {
      const Shape shape{tokens, experts};
      const Buffer logits = random_tensor(shape, 52), noise = random_tensor(shape, 53), noisy(shape), clean(shape),
                   gates(shape);
      for (int64_t i = 0; i < logits.size(); ++i) noisy.f32()[i] = 0.5f * logits.f32()[i] + 0.3f * noise.f32()[i];
      const Floats l(logits), n(noise), got_noisy(logits.size()), got_clean(logits.size()), got(logits.size());
      const Ints expert(tokens * k);
      expect_ran(launch_gate(
          {l.get(), n.get(), got_noisy.get(), got_clean.get(), got.get(), expert.get(), tokens, experts, k, 0.3f, 0.5f},
          nullptr));
      for (int64_t i = 0; i < logits.size(); ++i) logits.f32()[i] *= 0.5f;
      moescope::softmax(logits, clean);
      moescope::softmax(noisy, gates);
      expect_close(l.tensor(), logits, 0, "scaled logits");
      expect_close(got_noisy.tensor(), noisy, kTolerance, "noisy logits");
      expect_close(got_clean.tensor(), clean, kTolerance, "clean gates");
      expect_close(got.tensor(), gates, kTolerance, "gates");
      std::vector<int32_t> want(static_cast<size_t>(k));
      for (int64_t t = 0; t < tokens; ++t) {
        top_k(got.get() + t * experts, experts, k, want.data());
        EXPECT_EQ(std::vector<int32_t>(expert.get() + t * k, expert.get() + (t + 1) * k), want) << "token " << t;
      }
    });
}

TEST(CudaGate, WithoutNoiseTheCleanGatesChoose) {
  in_every_order([&] {
    const Buffer logits = random_tensor({9, 35}, 52), clean({9, 35});
    moescope::softmax(logits, clean);
    const Floats l(logits), got(logits.size());
    const Ints expert(9 * 2);
    expect_ran(launch_gate({l.get(), nullptr, nullptr, got.get(), nullptr, expert.get(), 9, 35, 2, 0, 1}, nullptr));
    expect_close(got.tensor(), clean, kTolerance, "gates");
    std::vector<int32_t> want(2);
    for (int64_t t = 0; t < 9; ++t) {
      top_k(got.get() + t * 35, 35, 2, want.data());
      EXPECT_EQ(expert.get()[2 * t], want[0]);
      EXPECT_EQ(expert.get()[2 * t + 1], want[1]);
    }
    expect_ran(launch_gate({l.get(), nullptr, nullptr, got.get(), nullptr, nullptr, 9, 35, 0, 0, 1}, nullptr));
  });
}

TEST(CudaGate, TiesGoToTheLowerExpert) {
  const Floats gates(std::vector<float>{0.2f, 0.3f, 0.2f, 0.3f});
  const Ints expert(4);
  expect_ran(launch_top_k({gates.get(), expert.get(), 1, 4, 4}, nullptr));
  EXPECT_THAT(expert.host(), testing::ElementsAre(1, 3, 0, 2));
  EXPECT_EQ(launch_top_k({gates.get(), expert.get(), 1, 4, 5}, nullptr), cudaErrorInvalidValue) << "k > E";
}

TEST(CudaSort, SortsSegmentsOfEveryLength) {
  for (int64_t length : {1, 2, 1023, 1025, 3000})
    in_every_order([&] {
      Rng rng(54, RngPurpose::test);
      std::vector<uint64_t> keys(static_cast<size_t>(2 * length));
      for (uint64_t& key : keys) key = rng.bits();
      const DeviceArray<uint64_t> device(keys), scratch(2 * length);
      expect_ran(launch_sort({device.get(), scratch.get(), 2, length}, nullptr));
      std::sort(keys.begin(), keys.begin() + length);
      std::sort(keys.begin() + length, keys.end());
      EXPECT_EQ(device.host(), keys);
    });
}

TEST(CudaTokensChoice, PlacesAndPairsAreTheCpus) {
  for (const RoutingCase& c : kCases)
    in_every_order([&] {
      SCOPED_TRACE(c.tokens);
      const Buffer gates = gates_of(c);
      const std::vector<uint8_t> off = off_of(c);
      Arena arena;
      const Routing want = cpu_routing(RouterKind::tokens_choice, c, gates, off, arena);
      const Floats g(gates);
      const DeviceArray<uint8_t> device_off(off);
      const Table table(c, c.k);
      const Ints expert(c.tokens * c.k), place(c.tokens * c.k), load(table.groups * c.experts);
      const DeviceArray<char> workspace(tokens_choice_workspace_bytes(c.tokens, c.group_tokens, c.experts, c.k, c.bpr));
      expect_ran(launch_top_k({g.get(), expert.get(), c.tokens, c.experts, c.k}, nullptr));
      expect_ran(launch_tokens_choice({g.get(),
                                       expert.get(),
                                       place.get(),
                                       load.get(),
                                       table.table,
                                       {device_off.get(), nullptr, 1},
                                       c.k,
                                       c.group_tokens,
                                       c.last_capacity,
                                       c.bpr,
                                       workspace.get()},
                                      nullptr));
      EXPECT_EQ(expert.host(), listed(want.expert.i32(), c.tokens * c.k));
      EXPECT_EQ(place.host(), listed(want.place.i32(), c.tokens * c.k));
      expect_pairs(table, want.pairs);
      int64_t wanted = 0;
      for (int64_t i = 0; i < load.size(); ++i) wanted += load.get()[i];
      EXPECT_EQ(wanted, c.tokens * c.k);
    });
}

TEST(CudaTokensChoice, AnInputKeepsOnlyItsOwnExperts) {
  // two inputs of two tokens in one group; input 1 does not keep expert 0, which still counts its place
  const Floats gates(std::vector<float>{0.9f, 0.1f, 0.8f, 0.2f, 0.7f, 0.3f, 0.6f, 0.4f});
  const RoutingCase c{4, 4, 2, 1, 4, 4, false, false};
  const Table table(c, 1);
  const Ints expert(std::vector<int32_t>{0, 0, 0, 0}), place(4);
  const DeviceArray<uint8_t> unit(std::vector<uint8_t>{0, 0, 1, 0});
  const DeviceArray<char> workspace(tokens_choice_workspace_bytes(4, 4, 2, 1, false));
  expect_ran(launch_tokens_choice({gates.get(),
                                   expert.get(),
                                   place.get(),
                                   nullptr,
                                   table.table,
                                   {nullptr, unit.get(), 2},
                                   1,
                                   4,
                                   4,
                                   false,
                                   workspace.get()},
                                  nullptr));
  EXPECT_THAT(place.host(), testing::ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(table.token_slots.host(), testing::ElementsAre(0, 1, -1, -1));
}

TEST(CudaExpertsChoice, TokensAndPairsAreTheCpus) {
  for (const RoutingCase& c : kCases)
    in_every_order([&] {
      SCOPED_TRACE(c.tokens);
      const Buffer gates = gates_of(c);
      const std::vector<uint8_t> off = off_of(c);
      Arena arena;
      const Routing want = cpu_routing(RouterKind::experts_choice, c, gates, off, arena);
      const Floats g(gates);
      const DeviceArray<uint8_t> device_off(off);
      const Table table(c, c.experts);
      const Ints chosen(table.groups * c.experts * c.capacity);
      const DeviceArray<char> workspace(experts_choice_workspace_bytes(table.groups, c.group_tokens, c.experts));
      expect_ran(launch_experts_choice({g.get(),
                                        chosen.get(),
                                        table.table,
                                        {device_off.get(), nullptr, 1},
                                        c.group_tokens,
                                        c.last_capacity,
                                        workspace.get()},
                                       nullptr));
      EXPECT_EQ(chosen.host(), listed(want.chosen_token.i32(), chosen.size()));
      expect_pairs(table, want.pairs);
    });
}

TEST(CudaExpertsChoice, AGroupKeepsOnlyItsOwnExperts) {
  // two groups of two tokens, one place each; group 1 does not keep expert 0, which is chosen all the same
  const Floats gates(std::vector<float>{0.9f, 0.1f, 0.2f, 0.8f, 0.7f, 0.3f, 0.6f, 0.4f});
  const RoutingCase c{4, 2, 2, 0, 1, 1, false, false};
  const Table table(c, 2);
  const Ints chosen(4);
  const DeviceArray<uint8_t> unit(std::vector<uint8_t>{0, 0, 1, 0});
  const DeviceArray<char> workspace(experts_choice_workspace_bytes(2, 2, 2));
  expect_ran(launch_experts_choice(
      {gates.get(), chosen.get(), table.table, {nullptr, unit.get(), 2}, 2, 1, workspace.get()}, nullptr));
  EXPECT_THAT(chosen.host(), testing::ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(table.token.host(), testing::ElementsAre(0, -1, 1, 3));  // (E,G)
}

/// Rows of a packed (R,D) tensor at the slots that hold a token; 7 elsewhere, which nothing may let through.
std::vector<float> at_slots(const Table& table, const Tensor& packed, int64_t columns) {
  std::vector<float> rows(static_cast<size_t>(table.token.size() * columns), 7.0f);
  int64_t r = 0;
  for (int64_t slot : table.taken()) std::copy_n(packed.f32() + r++ * columns, columns, rows.data() + slot * columns);
  return rows;
}
void expect_packed(const Table& table, const Floats& got, const Tensor& want, int64_t columns, const char* what) {
  const std::vector<int64_t> taken = table.taken();
  const Buffer packed({static_cast<int64_t>(taken.size()), columns});
  for (size_t r = 0; r < taken.size(); ++r)
    std::copy_n(got.get() + taken[r] * columns, columns, packed.f32() + static_cast<int64_t>(r) * columns);
  expect_close(packed, want, kTolerance, what);
  for (int64_t i = 0; i < got.size(); ++i) {
    if (table.token.get()[i / columns] >= 0) continue;
    ASSERT_EQ(got.get()[i], 0) << what << ": slot " << i / columns << " is empty";
  }
}

TEST(CudaGather, DispatchAndCombineAreTheCpus) {
  constexpr int64_t kColumns = 133;  // more than a lane's four columns at once
  for (const RouterKind kind : {RouterKind::tokens_choice, RouterKind::experts_choice})
    in_every_order([&] {
      const RoutingCase c{30, 10, 33, 3, 2, 2, false, true};
      const Buffer gates = gates_of(c);
      const std::vector<uint8_t> off = off_of(c);
      Arena arena;
      const Routing want = cpu_routing(kind, c, gates, off, arena);
      const bool by_tokens = kind == RouterKind::tokens_choice;
      const Floats g(gates);
      const DeviceArray<uint8_t> device_off(off);
      const Table table(c, by_tokens ? c.k : c.experts);
      if (by_tokens) {
        const Ints expert(want.expert), place(c.tokens * c.k);
        const DeviceArray<char> workspace(tokens_choice_workspace_bytes(30, 10, 33, 3, false));
        expect_ran(launch_tokens_choice({g.get(),
                                         expert.get(),
                                         place.get(),
                                         nullptr,
                                         table.table,
                                         {device_off.get(), nullptr, 1},
                                         3,
                                         10,
                                         2,
                                         false,
                                         workspace.get()},
                                        nullptr));
      } else {
        const Ints chosen(table.token.size());
        const DeviceArray<char> workspace(experts_choice_workspace_bytes(3, 10, 33));
        expect_ran(launch_experts_choice(
            {g.get(), chosen.get(), table.table, {device_off.get(), nullptr, 1}, 10, 2, workspace.get()}, nullptr));
      }
      const int64_t pairs = want.pairs.num_pairs, slots = table.token.size();
      const Buffer x = random_tensor({c.tokens, kColumns}, 55), rows({pairs, kColumns}), y({c.tokens, kColumns});

      moescope::gather_rows(want.pairs, x, rows);
      const Floats device_x(x), got_rows(slots * kColumns), got_y(x.size());
      expect_ran(launch_dispatch({table.table, device_x.get(), got_rows.get(), nullptr, kColumns}, nullptr));
      expect_packed(table, got_rows, rows, kColumns, "rows");
      const DeviceArray<uint16_t> bf16(slots * kColumns);
      expect_ran(launch_dispatch({table.table, device_x.get(), nullptr, bf16.get(), kColumns}, nullptr));
      for (int64_t i = 0; i < bf16.size(); ++i)
        ASSERT_TRUE(std::abs(on_host_float(bf16.get()[i]) - got_rows.get()[i]) <= std::abs(got_rows.get()[i]) / 256)
            << i;

      const Buffer outputs = random_tensor({pairs, kColumns}, 56), dy = random_tensor({c.tokens, kColumns}, 57);
      const Floats device_outputs(at_slots(table, outputs, kColumns)), device_dy(dy);
      moescope::combine_rows(want.pairs, outputs, y);
      expect_ran(launch_combine({table.table, device_outputs.get(), got_y.get(), kColumns}, nullptr));
      expect_close(got_y.tensor(), y, kTolerance, "y");

      const Buffer drows({pairs, kColumns}), dweight({pairs});
      moescope::combine_rows_backward(want.pairs, outputs, dy, drows, dweight);
      const Floats got_dweight(slots);
      expect_ran(launch_combine_backward(
          {table.table, device_outputs.get(), device_dy.get(), device_outputs.get(), got_dweight.get(), kColumns},
          nullptr));
      expect_packed(table, device_outputs, drows, kColumns, "drows over rows");
      expect_packed(table, got_dweight, dweight, 1, "dweight");

      const Buffer dx = random_tensor({c.tokens, kColumns}, 58);
      const Floats got_dx(dx);
      moescope::gather_rows_backward(want.pairs, drows, dx);
      expect_ran(launch_dispatch_backward({table.table, device_outputs.get(), got_dx.get(), kColumns}, nullptr));
      expect_close(got_dx.tensor(), dx, kTolerance, "dx is added to");

      const Buffer dgates({c.tokens, c.experts});  // zeros
      for (int64_t r = 0; r < pairs; ++r) dgates.f32()[want.pair_choice.i32()[r]] = dweight.f32()[r];
      const Floats got_dgates(dgates.size());
      expect_ran(launch_gate_gradient({table.table, got_dweight.get(), got_dgates.get()}, nullptr));
      expect_close(got_dgates.tensor(), dgates, kTolerance, "dgates");
    });
}

}  // namespace
}  // namespace moescope::cuda
