// Purity and mutual information by hand, and over real scenes through a model.
#include "compute/eval/routing_purity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/core/error.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

TEST(Purity, ExpertsThatFollowTheLabelArePure) {
  // two experts, two labels, each expert one label: knowing the expert tells all, ln 2
  const RoutingPurity p = purity_of({3, 0, 0, 3}, 2);
  EXPECT_EQ(p.num_patches, 6);
  EXPECT_DOUBLE_EQ(p.purity, 1);
  EXPECT_DOUBLE_EQ(p.chance, 0.5);
  EXPECT_NEAR(p.mutual_information, std::log(2), 1e-12);
  EXPECT_NEAR(p.label_entropy, std::log(2), 1e-12);
}

TEST(Purity, ExpertsThatIgnoreTheLabelTellNothing) {
  const RoutingPurity p = purity_of({2, 4, 1, 2}, 2);  // one to two for both experts
  EXPECT_DOUBLE_EQ(p.purity, 6.0 / 9);
  EXPECT_DOUBLE_EQ(p.chance, 6.0 / 9);
  EXPECT_NEAR(p.mutual_information, 0, 1e-12);
}

TEST(Purity, AnEmptyTableIsNotDividedBy) {
  const RoutingPurity p = purity_of({0, 0}, 1);
  EXPECT_EQ(p.num_patches, 0);
  EXPECT_EQ(p.purity, 0);
}

/// Textures whose patches know their label: the image's, or nothing in the first row.
class LabelledTextures : public SyntheticDataset {
 public:
  LabelledTextures() : SyntheticDataset(32, 16) {}
  std::vector<int32_t> patch_labels(Split split, int64_t i, int64_t patch) const override {
    const int64_t side = 8 / patch;
    std::vector<int32_t> labels(static_cast<size_t>(side * side), label(split, i));
    for (int64_t x = 0; x < side; ++x) labels[static_cast<size_t>(x)] = -1;
    return labels;
  }
};

TEST(Purity, CountsEveryLabelledPatchThatAnExpertTook) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    RunConfig config = tiny_config(kind);
    config.model.head = HeadKind::token;  // the class token in front belongs to no patch
    VisionTransformer model(config, ImageShape{8, 8, 1, 4});
    model.parameters().allocate(host_memory(), 5);
    EvalOptions options = EvalOptions::of(config);
    options.router.capacity_factor = 4;  // nothing is dropped
    const auto layers = routing_purity(model, std::make_shared<LabelledTextures>(), options, 16);
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].layer, 1);
    EXPECT_EQ(layers[0].num_patches, 16 * 12) << "16 images, 16 patches less the first row";
    EXPECT_GE(layers[0].purity, layers[0].chance);
    EXPECT_DOUBLE_EQ(layers[0].chance, 0.25);
    EXPECT_LE(layers[0].mutual_information, layers[0].label_entropy + 1e-12);
  }
}

TEST(Purity, ADataSetWithoutPatchLabelsIsRefused) {
  const RunConfig config = tiny_config();
  VisionTransformer model(config, ImageShape{8, 8, 1, 4});
  model.parameters().allocate(host_memory(), 5);
  EXPECT_THROW(routing_purity(model, std::make_shared<SyntheticDataset>(32, 16), EvalOptions::of(config), 16),
               ConfigError);
}

}  // namespace
}  // namespace moescope
