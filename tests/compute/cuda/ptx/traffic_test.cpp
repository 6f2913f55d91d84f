// What the kernels ask of a device's memory, as compute/cuda/traffic.csv says: a change that makes the lanes of a warp
// reach further apart, or meet in a bank of shared memory, has to be entered there knowingly.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compute/cuda/kernels/activation.h"
#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/gather.h"
#include "compute/cuda/kernels/l2_normalize.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/cuda/kernels/matmul.h"
#include "compute/cuda/kernels/optimizer.h"
#include "compute/cuda/kernels/soft_weights.h"
#include "compute/cuda/kernels/softmax.h"
#include "compute/cuda/kernels/sort.h"
#include "support/device_array.h"
#include "support/ptx/modules.h"
#include "support/ptx/traffic.h"

namespace moescope::cuda::ptx {
namespace {

// Two images of 49 patches in a narrow model, every row aligned; softmax also has rows of 197 numbers, which are not.
constexpr int64_t kImages = 2, kTokens = 49, kRows = kImages * kTokens, kWidth = 96, kHeads = 3, kHidden = 384,
                  kSlots = 64;

/// Numbers that do not matter, of memory that counts as written.
Floats some(int64_t size) { return Floats(std::vector<float>(static_cast<size_t>(size), 0.5f)); }

void normalise() {
  const Floats x = some(kRows * kWidth), y = some(kRows * kWidth), scale = some(kWidth), bias = some(kWidth),
               dscale = some(kWidth), dbias = some(kWidth), mean = some(kRows), rstd = some(kRows),
               workspace = some(layer_norm_workspace_floats(kRows, kWidth));
  expect_ran(launch_layer_norm({x.get(), nullptr, scale.get(), bias.get(), y.get(), mean.get(), rstd.get(), nullptr,
                                nullptr, kRows, kWidth, 1e-6f},
                               nullptr));
  expect_ran(launch_layer_norm_backward({x.get(), scale.get(), mean.get(), rstd.get(), y.get(), y.get(), dscale.get(),
                                         dbias.get(), kRows, kWidth, workspace.get()},
                                        nullptr));
  L2NormalizeArguments l2{};
  l2.x = x.get(), l2.y = y.get(), l2.rows = kRows, l2.columns = kWidth, l2.gain = 1;
  expect_ran(launch_l2_normalize_rows(l2, nullptr));
  expect_ran(launch_l2_normalize_columns(l2, nullptr));
}

void activate() {
  const Floats x = some(kRows * kHidden), y = some(kRows * kHidden), bias = some(kHidden);
  expect_ran(launch_activation(
      {ActivationKind::gelu_tanh, x.get(), bias.get(), x.get(), y.get(), nullptr, kRows, kHidden, kRows}, nullptr));
  expect_ran(launch_activation_backward(
      {ActivationKind::gelu_tanh, x.get(), y.get(), y.get(), nullptr, nullptr, kRows, kHidden}, nullptr));
  const Floats sums = some(kHidden), workspace = some(column_sums_workspace_floats(1, kRows, kHidden));
  expect_ran(launch_column_sums({x.get(), sums.get(), 1, kRows, kHidden, kHidden, 1, true, workspace.get()}, nullptr));
}

void attend() {
  const Floats qkv = some(kRows * 3 * kWidth), dqkv = some(kRows * 3 * kWidth), out = some(kRows * kWidth),
               sums = some(kImages * kHeads * kTokens), workspace = some(kImages * kHeads * kTokens);
  const auto part = [](const Floats& of, int64_t n) { return HeadRows{of.get() + n * kWidth, 3 * kWidth}; };
  const HeadRows o{out.get(), kWidth};
  expect_ran(launch_attention({part(qkv, 0), part(qkv, 1), part(qkv, 2), o, sums.get(), nullptr, kImages, kTokens,
                               kTokens, kHeads, kWidth / kHeads},
                              nullptr));
  expect_ran(launch_attention_backward(
      {part(qkv, 0), part(qkv, 1), part(qkv, 2), o, o, part(dqkv, 0), part(dqkv, 1), part(dqkv, 2), sums.get(),
       workspace.get(), kImages, kTokens, kTokens, kHeads, kWidth / kHeads},
      nullptr));
}

void weigh() {
  const Floats logits = some(kRows * kSlots), d = some(kRows * kSlots), c = some(kRows * kSlots),
               workspace = some(soft_weights_workspace_floats(kImages, kSlots));
  expect_ran(launch_soft_weights({logits.get(), d.get(), c.get(), nullptr, kImages, kTokens, kSlots, 1}, nullptr));
  expect_ran(launch_soft_weights_backward(
      {d.get(), c.get(), d.get(), c.get(), logits.get(), nullptr, kImages, kTokens, kSlots, 1, workspace.get()},
      nullptr));
  const Floats x = some(64 * 197), y = some(64 * 197);
  expect_ran(launch_softmax({x.get(), y.get(), 64, 197}, nullptr));
}

/// Each slot has a token and each token at most one slot, in no order.
void dispatch() {
  std::vector<int32_t> token_of(kSlots), slot_of(kRows, -1);
  for (size_t slot = 0; slot < token_of.size(); ++slot) {
    token_of[slot] = static_cast<int32_t>(slot * 37 % kRows);
    slot_of[static_cast<size_t>(token_of[slot])] = static_cast<int32_t>(slot);
  }
  const Ints token(token_of), slots(slot_of);
  const Floats weight = some(kSlots), x = some(kRows * kWidth), rows = some(kSlots * kWidth), dweight = some(kSlots);
  const SlotTable table{token.get(), weight.get(), slots.get(), kRows, 4, 1, kSlots / 4, 1};
  expect_ran(launch_dispatch({table, x.get(), rows.get(), nullptr, kWidth}, nullptr));
  expect_ran(launch_combine({table, rows.get(), x.get(), kWidth}, nullptr));
  expect_ran(launch_combine_backward({table, rows.get(), x.get(), rows.get(), dweight.get(), kWidth}, nullptr));
  expect_ran(launch_dispatch_backward({table, rows.get(), x.get(), kWidth}, nullptr));
}

void others() {
  const Floats a = some(64 * 64), b = some(64 * 64), y = some(64 * 64), m = some(4096), v = some(4096);
  expect_ran(launch_matmul(
      {a.get(), b.get(), nullptr, y.get(), 1, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, false, false, false}, nullptr));
  const DeviceArray<OptimizerStretch> stretches(std::vector<OptimizerStretch>{{0, 1e-3f, 0.1f, 1, 1}});
  expect_ran(launch_adamw(
      {a.get(), m.get(), v.get(), y.get(), nullptr, stretches.get(), nullptr, 4096, 1, 0.9f, 0.99f, 1e-8f}, nullptr));
  std::vector<uint64_t> numbers(2000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i * 7919 % 2003;
  const DeviceArray<uint64_t> keys(numbers), scratch(numbers);
  expect_ran(launch_sort({keys.get(), scratch.get(), 1, 2000}, nullptr));
}

std::string release_of_nvcc() {
  const std::string& text = modules().text("softmax.ptx");
  const size_t at = text.find("release ");
  return at == std::string::npos ? "unknown" : text.substr(at + 8, text.find(',', at) - at - 8);
}

std::string ratio(uint64_t value, uint64_t of) {
  if (of == 0) return "";
  char text[32];
  snprintf(text, sizeof text, "%.2f", static_cast<double>(value) / static_cast<double>(of));
  return text;
}

std::string text_of(const TrafficTable& table) {
  std::ostringstream text;
  text << "# nvcc " << release_of_nvcc() << ", compute_80; made by tests/compute/cuda/ptx/traffic_test.cpp\n"
       << "file;kernel;requests;sectors_per_request;sectors_over_least;shared_requests;passes_over_least\n";
  for (const auto& [name, t] : table)
    text << name.first.substr(0, name.first.find('.')) << ".cu;" << name.second << ';' << t.requests << ';'
         << ratio(t.sectors, t.requests) << ';' << ratio(t.sectors, t.least_sectors) << ';' << t.shared_requests << ';'
         << ratio(t.passes, t.least_passes) << '\n';
  return text.str();
}

std::string content_of(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(PtxTraffic, IsWhatTheTableSays) {
  TrafficTable table;
  count_traffic(&table);
  for (const auto run : {normalise, activate, attend, weigh, dispatch, others}) run();
  count_traffic(nullptr);
  const std::string now = text_of(table);
  if (const char* path = std::getenv("MOESCOPE_WRITE_TRAFFIC")) std::ofstream(path) << now;
  const std::string then = content_of(MOESCOPE_TRAFFIC_TABLE);
  if (now.substr(0, now.find('\n')) != then.substr(0, then.find('\n')))
    GTEST_SKIP() << "TRAFFIC NOT COMPARED: this is nvcc " << release_of_nvcc();
  EXPECT_EQ(now, then) << "If that is meant: MOESCOPE_WRITE_TRAFFIC=compute/cuda/traffic.csv test_cuda_ptx";
}

/// The access of all 32 lanes, `stride` bytes apart from `begin` on.
Traffic traffic_of(Space space, uint8_t bytes, uint64_t begin, uint64_t stride) {
  Operation access;
  access.space = space, access.bytes = bytes;
  uint64_t base[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) base[lane] = begin + lane * stride;
  Traffic traffic;
  count_access(traffic, access, base, 0, kEveryLane);
  return traffic;
}

TEST(PtxTraffic, CountsSectorsAndPasses) {
  EXPECT_EQ(traffic_of(Space::global, 4, 0, 4).sectors, 4u);
  EXPECT_EQ(traffic_of(Space::global, 4, 4, 4).sectors, 5u) << "not aligned";
  EXPECT_EQ(traffic_of(Space::global, 4, 4, 4).least_sectors, 4u);
  EXPECT_EQ(traffic_of(Space::global, 4, 0, 0).sectors, 1u) << "one number for all";
  EXPECT_EQ(traffic_of(Space::global, 4, 0, 400).sectors, 32u) << "a column";
  EXPECT_EQ(traffic_of(Space::shared, 4, 0, 4).passes, 1u);
  EXPECT_EQ(traffic_of(Space::shared, 4, 0, 0).passes, 1u) << "one number for all";
  EXPECT_EQ(traffic_of(Space::shared, 4, 0, 8).passes, 2u) << "every second bank";
  EXPECT_EQ(traffic_of(Space::shared, 4, 0, 128).passes, 32u) << "a column of a tile of 32";
  EXPECT_EQ(traffic_of(Space::shared, 4, 0, 132).passes, 1u) << "and of one of 33";
  EXPECT_EQ(traffic_of(Space::shared, 8, 0, 8).passes, 2u);
  EXPECT_EQ(traffic_of(Space::shared, 8, 0, 8).least_passes, 2u);
  EXPECT_EQ(traffic_of(Space::parameter, 8, 0, 8).requests, 0u);
}

}  // namespace
}  // namespace moescope::cuda::ptx
