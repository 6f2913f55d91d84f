// Reports over many images and curves through the GPU program: the CPU's answers, also where the data end in a group.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/explore/report_job.h"
#include "support/device_on_host.h"
#include "support/labelled_textures.h"
#include "support/tiny_replica.h"

namespace moescope {
namespace {

constexpr int64_t kImages = 30;
// Gates and combine weights, and what is summed from them over 480 patches: float32 sums in another order.
constexpr double kTolerance = 1e-5;

/// Two MoE layers; tokens or slots compete within groups of four images, and the last group has two.
RunConfig config_on(DeviceKind device, RouterKind kind) {
  RunConfig config = tiny_two_layers(kind);
  config.router.k = 2, config.router.capacity_factor = 0.8, config.router.group_images = 4;
  config.compute.device = device;
  return config;
}

Report asked(Replica& replica, Question question, WhatIf what_if = {}) {
  ReportRequest request;
  request.question = std::move(question);
  request.what_if = std::move(what_if);
  return run_report(replica, request);
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance = kTolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << i;
}

void expect_same(const Affinity& got, const Affinity& want) {
  ASSERT_EQ(got.layers.size(), want.layers.size());
  for (size_t i = 0; i < want.layers.size(); ++i) {
    const LayerAffinity &a = got.layers[i], &b = want.layers[i];
    EXPECT_EQ(a.num_patches, b.num_patches);
    EXPECT_EQ(a.share, b.share) << "counts of patches";
    EXPECT_EQ(a.expert_order, b.expert_order);
    EXPECT_EQ(a.replication, b.replication);
    EXPECT_EQ(a.position_information, b.position_information);
  }
}

void expect_same(const TopPatches& got, const TopPatches& want) {
  ASSERT_EQ(got.layers.size(), want.layers.size());
  for (size_t i = 0; i < want.layers.size(); ++i)
    for (size_t e = 0; e < want.layers[i].experts.size(); ++e) {
      const std::vector<TopPatch>&a = got.layers[i].experts[e], &b = want.layers[i].experts[e];
      ASSERT_EQ(a.size(), b.size());
      for (size_t j = 0; j < b.size(); ++j) {
        EXPECT_NEAR(a[j].weight, b[j].weight, kTolerance);
        EXPECT_EQ(a[j].image, b[j].image);
        EXPECT_EQ(a[j].patch, b[j].patch);
      }
    }
}

void expect_same(const Coactivation& got, const Coactivation& want) {
  ASSERT_EQ(got.layers.size(), want.layers.size());
  for (size_t i = 0; i < want.layers.size(); ++i) {
    expect_near(got.layers[i].together, want.layers[i].together);
    expect_near(got.layers[i].to_next, want.layers[i].to_next);
  }
}

void expect_same(const Mistakes& got, const Mistakes& want) {
  EXPECT_EQ(got.confusion, want.confusion);
  expect_near(got.usual_distance, want.usual_distance);
  expect_near(got.far_distance, want.far_distance);
  ASSERT_EQ(got.images.size(), want.images.size());
  for (size_t i = 0; i < want.images.size(); ++i) {
    EXPECT_NEAR(got.images[i].probability, want.images[i].probability, kTolerance);
    EXPECT_NEAR(got.images[i].dropped, want.images[i].dropped, kTolerance);
    EXPECT_NEAR(got.images[i].distance, want.images[i].distance, kTolerance);
  }
}

void expect_same(const Embedding& got, const Embedding& want) {
  EXPECT_EQ(got.layer, want.layer);
  EXPECT_NEAR(got.explained_x, want.explained_x, kTolerance);
  ASSERT_EQ(got.points.size(), want.points.size());
  for (size_t i = 0; i < want.points.size(); ++i) {
    const EmbeddedPatch &a = got.points[i], &b = want.points[i];
    EXPECT_EQ(std::tie(a.image, a.patch, a.label, a.expert, a.correct),
              std::tie(b.image, b.patch, b.label, b.expert, b.correct));
    // Coordinates of some units along axes that are found by iteration from rows of another rounding.
    EXPECT_NEAR(a.x, b.x, 1e-3);
    EXPECT_NEAR(a.y, b.y, 1e-3);
  }
}

void expect_same(const Curve& got, const Curve& want) {
  EXPECT_TRUE(got.exact);
  ASSERT_EQ(got.points.size(), want.points.size());
  for (size_t i = 0; i < want.points.size(); ++i) {
    const CurvePoint &a = got.points[i], &b = want.points[i];
    EXPECT_EQ(a.num_images, kImages);
    EXPECT_EQ(a.accuracy, b.accuracy);
    EXPECT_NEAR(a.loss, b.loss, kTolerance * b.loss);
    EXPECT_NEAR(a.gflops_per_image, b.gflops_per_image, 1e-9 * b.gflops_per_image) << "a count, divided";
    EXPECT_GT(a.images_per_sec, 0);
  }
}

void expect_same(const ImageCurve& got, const ImageCurve& want) {
  ASSERT_EQ(got.points.size(), want.points.size());
  for (size_t i = 0; i < want.points.size(); ++i) {
    EXPECT_EQ(got.points[i].predicted, want.points[i].predicted);
    EXPECT_NEAR(got.points[i].probability, want.points[i].probability, kTolerance);
    EXPECT_NEAR(got.points[i].gflops, want.points[i].gflops, 1e-9 * want.points[i].gflops) << "a count, divided";
  }
}

void expect_same(const Purity& got, const Purity& want) {
  ASSERT_EQ(got.layers.size(), want.layers.size());
  for (size_t i = 0; i < want.layers.size(); ++i) {
    EXPECT_EQ(got.layers[i].num_patches, want.layers[i].num_patches);
    EXPECT_EQ(got.layers[i].purity, want.layers[i].purity) << "counts of patches";
    EXPECT_EQ(got.layers[i].mutual_information, want.layers[i].mutual_information);
  }
}

void expect_same(const Parity&, const Parity&) { ADD_FAILURE() << "not asked"; }
void expect_same(std::monostate, std::monostate) { ADD_FAILURE() << "no answer"; }

AskCurve curve_of(RouterKind kind) {
  if (kind != RouterKind::soft) return capacity_curve();
  AskCurve slots = kept_curve(4, KeepBy::combine);
  slots.points.emplace_back().slots_per_expert = 1;
  slots.positions.push_back(5);
  return slots;
}

std::vector<Question> questions(RouterKind kind) {
  AskEmbedding first;
  first.layer = 0, first.max_points = 100;
  return {AskAffinity{},
          AskTopPatches{5, 2},
          AskCoactivation{},
          AskMistakes{},
          AskEmbedding{},
          first,
          AskCurve{curve_of(kind)},
          AskPurity{},
          AskImageCurve{{7, nullptr, "test 7"}, curve_of(kind)}};
}

std::vector<WhatIf> what_ifs(RouterKind kind) {
  std::vector<WhatIf> all(2);
  all[1].off = {{0, 1}}, all[1].edits = {OccludePatch{3, 200}};
  if (kind == RouterKind::soft) all.emplace_back().slots_per_expert = 1;
  return all;
}

class DeviceReports : public testing::TestWithParam<RouterKind> {
 protected:
  DeviceOnHost host_;
  Replica replica_on(DeviceKind device) {
    Replica replica = tiny_replica(config_on(device, GetParam()), kImages);
    replica.dataset = std::make_shared<LabelledTextures>(64, kImages);
    return replica;
  }
  Replica cpu_ = replica_on(DeviceKind::cpu), gpu_ = replica_on(DeviceKind::cuda);
};

INSTANTIATE_TEST_SUITE_P(Kinds, DeviceReports,
                         testing::Values(RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice));

TEST_P(DeviceReports, EveryAnswerIsTheCpus) {
  for (const WhatIf& what_if : what_ifs(GetParam()))
    for (const Question& question : questions(GetParam())) {
      SCOPED_TRACE("question " + std::to_string(question.index()) + ", " + describe(what_if));
      const Report want = asked(cpu_, question, what_if);
      const int64_t launches = host_.control("launches");
      const Report got = asked(gpu_, question, what_if);
      EXPECT_GT(host_.control("launches"), launches) << "the CPU computed";
      EXPECT_EQ(got.state, ReportState::done);
      ASSERT_EQ(got.answer.index(), want.answer.index());
      std::visit(
          [&](const auto& answer) { expect_same(answer, std::get<std::decay_t<decltype(answer)>>(want.answer)); },
          got.answer);
    }
}

TEST_P(DeviceReports, WithoutRoomOnTheGpuTheCpuAnswers) {
  host_.control("memory", host_.control("in_use") + 1000);
  for (const Question& question : {Question(AskMistakes{}), Question(curve_of(GetParam()))}) {
    const Report want = asked(cpu_, question), got = asked(gpu_, question);
    std::visit([&](const auto& answer) { expect_same(answer, std::get<std::decay_t<decltype(answer)>>(want.answer)); },
               got.answer);
  }
}

TEST_P(DeviceReports, WithoutRoomForABatchTheCpuAnswersAndTheGpuIsGivenBack) {
  const int64_t before = host_.control("in_use");
  host_.control("most_in_use", before);
  asked(gpu_, AskMistakes{});
  const int64_t needed = host_.control("most_in_use") - before;
  EXPECT_EQ(host_.control("in_use"), before);
  host_.control("memory", before + needed - 1);
  const int64_t sent = host_.control("bytes_to_device");
  const auto got = std::get<Mistakes>(asked(gpu_, AskMistakes{}).answer),
             want = std::get<Mistakes>(asked(cpu_, AskMistakes{}).answer);
  ASSERT_EQ(got.images.size(), want.images.size());
  for (size_t i = 0; i < want.images.size(); ++i)
    EXPECT_EQ(got.images[i].probability, want.images[i].probability) << "the CPU's, to the bit";
  EXPECT_GE(host_.control("bytes_to_device") - sent, gpu_.model->parameters().values().bytes()) << "there was room";
  EXPECT_EQ(host_.control("in_use"), before);
}

TEST_P(DeviceReports, ALostGpuIsToldAndNotMadeUpFor) {
  host_.control("lose_after", 20);
  EXPECT_THROW(asked(gpu_, AskMistakes{}), DeviceFault);
}

}  // namespace
}  // namespace moescope
