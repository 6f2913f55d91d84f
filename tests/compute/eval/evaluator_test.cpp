// What an evaluation counts, how knobs and switched-off experts change it, and that it can be left half way.
#include "compute/eval/evaluator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/eval/peak.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>(64, 60);
  return dataset;
}

/// An untrained model; its answers are arbitrary but fixed.
std::unique_ptr<VisionTransformer> model_of(const RunConfig& config) {
  auto model = std::make_unique<VisionTransformer>(config, ImageShape{8, 8, 1, 4});
  model->parameters().allocate(host_memory(), 5);
  return model;
}

TEST(CountCorrect, TheLowestClassWinsATie) {
  const Buffer logits({3, 2});
  const float values[] = {1, 2, /**/ 5, 5, /**/ 0, -1};
  std::copy(values, values + 6, logits.f32());
  const int32_t labels[] = {1, 1, 0};  // right; wrong, since the tie goes to class 0; right
  EXPECT_EQ(count_correct(logits, labels), 2);
}

TEST(CountCorrect, ARowWithANaNIsNeverRight) {
  const Buffer logits({2, 3});
  const float values[] = {NAN, NAN, NAN, 0, NAN, 1};
  std::copy(std::begin(values), std::end(values), logits.f32());
  const int32_t labels[] = {0, 2};
  EXPECT_EQ(count_correct(logits.tensor(), labels), 0);
}

TEST(Evaluation, TheCutIntoMicroBatchesDoesNotMatter) {
  const RunConfig config = tiny_config();
  const auto model = model_of(config);
  EvalOptions options = EvalOptions::of(config);
  options.micro_batch = 60;
  const EvalResult at_once = evaluate(*model, textures(), options);
  options.micro_batch = 7;  // 60 = 8 * 7 + 4: the last is shorter
  const EvalResult cut = evaluate(*model, textures(), options);
  EXPECT_EQ(at_once.num_images, 60);
  EXPECT_EQ(cut.num_images, 60);
  EXPECT_EQ(at_once.accuracy, cut.accuracy);
  EXPECT_NEAR(at_once.loss, cut.loss, 1e-5);  // float32 products in another blocking
  EXPECT_GT(cut.images_per_sec, 0);
  EXPECT_GT(cut.gflops_per_image, 0);
}

TEST(Evaluation, LeavesWhenToldTo) {
  const auto model = model_of(tiny_config());
  double told = 0;
  const EvalResult result = evaluate(*model, textures(), EvalOptions::of(tiny_config()), [&](double progress) {
    told = progress;
    return progress < 0.25;
  });
  EXPECT_EQ(result.num_images, 16) << "two slices of eight";
  EXPECT_DOUBLE_EQ(told, 16.0 / 60);
}

TEST(Evaluation, LessCapacityIsLessCompute) {
  const RunConfig config = tiny_config(RouterKind::tokens_choice);
  const auto model = model_of(config);
  EvalOptions options = EvalOptions::of(config);
  options.router.capacity_factor = 4;
  const EvalResult roomy = evaluate(*model, textures(), options);
  options.router.capacity_factor = 0.25;
  const EvalResult tight = evaluate(*model, textures(), options);
  EXPECT_LT(tight.gflops_per_image, roomy.gflops_per_image);
  EXPECT_NE(tight.loss, roomy.loss);
}

TEST(Evaluation, AnExpertSwitchedOffIsNotComputed) {
  const RunConfig config = tiny_config(RouterKind::tokens_choice);
  const auto model = model_of(config);
  EvalOptions options = EvalOptions::of(config);
  const EvalResult whole = evaluate(*model, textures(), options);
  for (int64_t expert = 0; expert < 3; ++expert) options.what_if.off.push_back({1, expert});
  const EvalResult off = evaluate(*model, textures(), options);
  EXPECT_LT(off.gflops_per_image, whole.gflops_per_image);
  EXPECT_NE(off.loss, whole.loss);
}

TEST(Evaluation, MoreChoicesThanExpertsIsRefused) {
  const RunConfig config = tiny_config(RouterKind::tokens_choice);
  const auto model = model_of(config);
  EvalOptions options = EvalOptions::of(config);
  options.router.k = 5;
  EXPECT_THROW(evaluate(*model, textures(), options), ConfigError);
}

TEST(Peak, IsMeasuredOnce) {
  const double first = measured_peak_gflops();
  EXPECT_GT(first, 0.1) << "GFLOP/s; a slow machine under a sanitizer still makes that";
  EXPECT_EQ(measured_peak_gflops(), first);
}

}  // namespace
}  // namespace moescope
