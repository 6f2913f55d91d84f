// The launches that the roofline counts are those that the kernels make.
#include <functional>
#include <map>

#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/kernels/auxiliary_losses.h"
#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/cross_entropy.h"
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/experts_choice.h"
#include "compute/cuda/kernels/layer_norm.h"
#include "compute/cuda/kernels/optimizer.h"
#include "compute/cuda/kernels/soft_weights.h"
#include "compute/cuda/kernels/tokens_choice.h"
#include "compute/models/roofline.h"
#include "support/device_array.h"

namespace moescope::cuda {
namespace {

/// Launches of a call; none of them is run, so that pointers may be null.
double launches_of(const std::function<cudaError_t()>& call) {
  static int count;
  count = 0;
  on_host::set_submit([](cudaStream_t, on_host::Work) {
    ++count;
    return cudaSuccess;
  });
  const cudaError_t error = call();
  on_host::set_submit(nullptr);
  EXPECT_EQ(error, cudaSuccess);
  return count;
}

constexpr int64_t kDepth = 3, kMoe = 2;

/// Launches of one kind of kernel in a step, by the roofline, for each time that it is called.
std::map<std::string, double> counted(RouterKind kind, bool bpr) {
  RunConfig c;
  c.model.depth = kDepth, c.model.moe_blocks = kMoe;
  c.router.kind = kind, c.router.bpr = bpr;
  c.router.group_images = 32;  // 1568 tokens: the sort takes a merge
  std::map<std::string, double> rows;
  for (const RooflineRow& row : roofline_of_step(VisionTransformer(c, {28, 28, 1, 10}), 32))
    rows[row.kernel] = row.launches;
  return rows;
}

TEST(CudaLaunches, OfEveryModelAreWhatTheRooflineSays) {
  auto rows = counted(RouterKind::dense, false);
  const double norms = 2 * kDepth + 1;
  EXPECT_EQ(rows["layer norm"] / norms, launches_of([] {
              LayerNormArguments a{};
              a.rows = a.columns = 1;
              return launch_layer_norm(a, nullptr);
            }));
  EXPECT_EQ(rows["layer norm backward"] / norms, launches_of([] {
              LayerNormBackwardArguments a{};
              a.rows = a.columns = 1;
              return launch_layer_norm_backward(a, nullptr);
            }));
  EXPECT_EQ(rows["attention"] / kDepth, launches_of([] {
              return launch_attention({{}, {}, {}, {}, nullptr, nullptr, 1, 1, 1, 1, 1}, nullptr);
            }));
  EXPECT_EQ(rows["attention backward"] / kDepth, launches_of([] {
              AttentionBackwardArguments a{};
              a.images = a.queries = a.keys = a.heads = a.width = 1;
              return launch_attention_backward(a, nullptr);
            }));
  EXPECT_EQ(rows["bias gradient"] / (4 * kDepth), launches_of([] {
              return launch_column_sums({nullptr, nullptr, 1, 1, 1, 1, 1, true, nullptr}, nullptr);
            }));
  EXPECT_EQ(rows["cross-entropy"], launches_of([] {
              CrossEntropyArguments a{};
              a.rows = a.classes = 1;
              return launch_cross_entropy(a, nullptr);
            }));
  EXPECT_EQ(rows["gradient norm"], launches_of([] {
                                     return launch_dot({nullptr, nullptr, 1, nullptr, nullptr, nullptr}, nullptr);
                                   }) + launches_of([] { return launch_clip({}, nullptr); }));
  EXPECT_EQ(rows["adamw"], launches_of([] {
              AdamWArguments a{};
              a.size = 1;
              return launch_adamw(a, nullptr);
            }));
}

TEST(CudaLaunches, OfSoftRoutingAreWhatTheRooflineSays) {
  auto rows = counted(RouterKind::soft, false);
  EXPECT_EQ(rows["soft weights"] / kMoe, launches_of([] {
              SoftWeightsArguments a{};
              a.groups = a.tokens = a.slots = 1;
              return launch_soft_weights(a, nullptr);
            }));
  EXPECT_EQ(rows["soft weights backward"] / kMoe, launches_of([] {
              SoftWeightsBackwardArguments a{};
              a.groups = a.tokens = a.slots = 1;
              return launch_soft_weights_backward(a, nullptr);
            }));
}

TEST(CudaLaunches, OfSparseRoutingAreWhatTheRooflineSays) {
  constexpr int64_t kTokens = 1568, kExperts = 16;
  const SlotTable table{nullptr, nullptr, nullptr, kTokens, kExperts, 1, 10, 1};
  for (const bool bpr : {false, true})
    EXPECT_EQ(counted(RouterKind::tokens_choice, bpr)["assignment"] / kMoe, launches_of([&] {
                TokensChoiceArguments a{};
                a.slots = table, a.k = 1, a.group_tokens = kTokens, a.last_capacity = 10, a.bpr = bpr;
                return launch_tokens_choice(a, nullptr);
              }))
        << "bpr " << bpr;
  EXPECT_EQ(counted(RouterKind::experts_choice, false)["assignment"] / kMoe, launches_of([&] {
              ExpertsChoiceArguments a{};
              a.slots = table, a.slots.choices = kExperts, a.group_tokens = kTokens, a.last_capacity = 10;
              return launch_experts_choice(a, nullptr);
            }));
  EXPECT_EQ(counted(RouterKind::tokens_choice, false)["auxiliary losses"] / kMoe, launches_of([] {
              AuxiliaryLossesArguments a{};
              a.scores.tokens = a.scores.group_tokens = a.scores.experts = a.scores.k = 1;
              return launch_auxiliary_losses(a, nullptr);
            }));
}

}  // namespace
}  // namespace moescope::cuda
