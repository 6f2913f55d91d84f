// Parameters and GFLOPs of the papers' models against their tables (PAPERS.md 1.3 and 4.2).
#include "compute/models/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace moescope {
namespace {

struct Size {
  int64_t depth, width, mlp, heads, soft_moe_blocks;
};
constexpr Size kSmall{12, 384, 1536, 6, 6}, kBase{12, 768, 3072, 12, 6}, kLarge{24, 1024, 4096, 16, 12},
    kHuge{32, 1280, 5120, 16, 16};

RunConfig sized(const Size& size, int64_t patch) {
  RunConfig c;
  c.model.depth = size.depth;
  c.model.width = size.width;
  c.model.mlp = size.mlp;
  c.model.heads = size.heads;
  c.model.patch = patch;
  return c;
}

constexpr ImageShape kJft{224, 224, 3, 29593};

/// Soft MoE paper: no class token, QK norm, mean pooling, one slot per expert.
RunConfig soft(const Size& size, int64_t patch, int64_t experts) {
  RunConfig c = sized(size, patch);
  c.model.qk_norm = true;
  c.model.moe_blocks = size.soft_moe_blocks;
  c.router.kind = experts > 0 ? RouterKind::soft : RouterKind::dense;
  c.router.num_experts = std::max<int64_t>(experts, 1);
  c.router.slots_per_expert = 1;
  return c;
}

struct SoftRow {
  std::string name;
  Size size;
  int64_t patch, experts;
  double parameters_millions, gflops;  // recomputed columns p and g of PAPERS.md 1.3
};

class SoftTable : public testing::TestWithParam<SoftRow> {};

TEST_P(SoftTable, ParametersAndGflops) {
  const SoftRow& row = GetParam();
  const VisionTransformer model(soft(row.size, row.patch, row.experts), kJft);
  const ModelCost cost = model_cost(model);
  // The table prints one decimal, or four digits.
  EXPECT_NEAR(static_cast<double>(cost.parameters) / 1e6, row.parameters_millions,
              std::max(0.05, row.parameters_millions * 6e-4));
  EXPECT_NEAR(cost.forward_flops / 1e9, row.gflops, row.gflops * 0.007);  // DESIGN.md: within 0.7 %
}

INSTANTIATE_TEST_SUITE_P(Paper, SoftTable,
                         testing::Values(SoftRow{"ViT S/16", kSmall, 16, 0, 33.1, 9.17},
                                         SoftRow{"Soft S/16 128E", kSmall, 16, 128, 933.7, 8.55},
                                         SoftRow{"Soft S/14 256E", kSmall, 14, 256, 1841, 13.1},
                                         SoftRow{"ViT B/16", kBase, 16, 0, 108.6, 35.0},
                                         SoftRow{"Soft B/16 128E", kBase, 16, 128, 3708, 31.8},
                                         SoftRow{"ViT L/16", kLarge, 16, 0, 333.6, 122.5},
                                         SoftRow{"Soft L/16 128E", kLarge, 16, 128, 13127, 110.7},
                                         SoftRow{"ViT H/14", kHuge, 14, 0, 668.7, 333.3},
                                         SoftRow{"Soft H/14 128E", kHuge, 14, 128, 27318, 283.7},
                                         SoftRow{"Soft H/14 256E", kHuge, 14, 256, 54177, 341.4}),
                         [](const auto& row) {
                           std::string name = row.param.name;
                           for (char& c : name)
                             if (c == ' ' || c == '/') c = '_';
                           return name;
                         });

/// V-MoE paper: class token, tanh layer before the head, 32 experts, k = 2.
double vmoe_millions(const Size& size, int64_t patch, MoePlacement placement, int64_t moe_blocks, bool moe = true) {
  RunConfig c = sized(size, patch);
  c.model.head = HeadKind::token;
  c.model.representation = size.width;
  c.model.moe_placement = placement;
  c.model.moe_blocks = moe_blocks;
  c.router.kind = moe ? RouterKind::tokens_choice : RouterKind::dense;
  c.router.num_experts = 32;
  c.router.k = 2;
  return static_cast<double>(VisionTransformer(c, {224, 224, 3, 18291}).parameters().count()) / 1e6;
}

TEST(VmoeTable, ParametersToTheLastDigit) {
  constexpr Size vmoe_small{8, 512, 2048, 8, 0};
  const auto every = MoePlacement::every_second, last = MoePlacement::last_odd;
  EXPECT_NEAR(vmoe_millions(vmoe_small, 32, last, 0, false), 36.5, 0.05);
  EXPECT_NEAR(vmoe_millions(kBase, 16, last, 0, false), 100.5, 0.05);
  EXPECT_NEAR(vmoe_millions(kLarge, 16, last, 0, false), 323.1, 0.05);
  EXPECT_NEAR(vmoe_millions(kHuge, 14, last, 0, false), 655.8, 0.05);
  EXPECT_NEAR(vmoe_millions(vmoe_small, 32, every, 0), 296.9, 0.05);
  EXPECT_NEAR(vmoe_millions(kBase, 16, every, 0), 979.0, 0.05);
  EXPECT_NEAR(vmoe_millions(kLarge, 16, every, 0), 3446.0, 0.05);
  EXPECT_NEAR(vmoe_millions(kLarge, 16, last, 2), 843.6, 0.05);
  EXPECT_NEAR(vmoe_millions(kHuge, 14, last, 5), 2688.6, 0.05);
  EXPECT_NEAR(vmoe_millions(kHuge, 14, every, 0), 7160.8, 0.05);
}

TEST(Cost, ThePeersModelHasThePeersParameters) {
  // bench/torch_peer.py with its defaults: 28x28x1, patch 4, width 128, depth 4, mlp 512, 10 classes, 16 experts, 3
  // slots.
  RunConfig c;
  c.router.kind = RouterKind::dense;
  const int64_t dense = VisionTransformer(c, {28, 28, 1, 10}).parameters().count();
  // embed 16*128+128, pos 49*128, block 4*128+(128*384+384)+(128*128+128)+(128*512+512)+(512*128+128), norm 256, head
  // 1290
  EXPECT_EQ(dense, 16 * 128 + 128 + 49 * 128 + 4 * (512 + 49536 + 16512 + 66048 + 65664) + 256 + 1290);
  c.router.kind = RouterKind::soft;
  const int64_t softmoe = VisionTransformer(c, {28, 28, 1, 10}).parameters().count();
  EXPECT_EQ(softmoe - dense, 2 * (15 * (66048 + 65664) + 128 * 48 + 1));
}

}  // namespace
}  // namespace moescope
