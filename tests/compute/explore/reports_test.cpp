// Each report against a plain computation from the routing maps of the same images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "compute/eval/evaluator.h"
#include "compute/explore/principal_components.h"
#include "compute/explore/report_job.h"
#include "compute/explore/tsne.h"
#include "compute/moe/observe.h"
#include "compute/train/watch.h"
#include "support/labelled_textures.h"
#include "support/random_tensor.h"
#include "support/tiny_replica.h"

namespace moescope {
namespace {

constexpr int64_t kImages = 30, kPatches = 16, kExperts = 4, kClasses = 4;

/// Every image's maps and logits, routed as an evaluation routes them.
struct Plain : RoutingObserver {
  explicit Plain(Replica& replica) : replica_(replica) {
    Arena arena;
    EvalTally tally(*replica.model, EvalOptions::of(replica.config), arena);
    EvalBatches batches(replica.dataset, Split::test, replica.config.train.micro_batch, replica.config.data.scale);
    while (const Batch* next = batches.next()) {
      batch = next;
      const Tensor out = tally.add(*next, this);
      for (int64_t i = 0; i < out.dim(0); ++i)
        logits.emplace_back(out.f32() + i * kClasses, out.f32() + (i + 1) * kClasses);
    }
  }
  void see(const Routing& routing) override {
    for (int64_t i = 0; i < batch->size(); ++i) {
      maps[routing.layer].push_back(routing_map(routing, i * kPatches, kPatches));
      std::vector<float>& row = scored[routing.layer].emplace_back();
      row.assign(routing.scored.f32() + i * kPatches * 16, routing.scored.f32() + (i + 1) * kPatches * 16);
    }
  }
  int32_t label(int64_t image) const { return replica_.dataset->label(Split::test, image); }
  int64_t predicted(int64_t image) const {
    const auto& row = logits[static_cast<size_t>(image)];
    return std::max_element(row.begin(), row.end()) - row.begin();
  }
  int32_t expert(int64_t layer, int64_t image, int64_t patch) const {
    return main_expert_of_patch(maps.at(layer)[static_cast<size_t>(image)], patch);
  }

  Replica& replica_;
  const Batch* batch = nullptr;
  std::map<int64_t, std::vector<RoutingMap>> maps;  // by layer, then image
  std::map<int64_t, std::vector<std::vector<float>>> scored;
  std::vector<std::vector<float>> logits;
};

template <class Answer>
Answer answer_to(Replica& replica, Question question, WhatIf what_if = {}) {
  ReportRequest request;
  request.question = std::move(question);
  request.what_if = std::move(what_if);
  const Report report = run_report(replica, request);
  EXPECT_EQ(report.state, ReportState::done);
  EXPECT_EQ(report.progress, 1);
  EXPECT_EQ(report.token_set, "test images 0 to 29");
  return std::get<Answer>(report.answer);
}

class Reports : public testing::TestWithParam<RouterKind> {
 protected:
  static RunConfig config() {
    RunConfig c = tiny_two_layers(GetParam());
    c.router.k = 2, c.router.capacity_factor = 0.8;
    return c;
  }
  Replica replica_ = tiny_replica(config(), kImages);
  Plain plain_{replica_};
};

TEST_P(Reports, AffinityCountsTheClassesPatches) {
  const auto affinity = answer_to<Affinity>(replica_, AskAffinity{});
  ASSERT_EQ(affinity.layers.size(), 2u);
  for (const LayerAffinity& layer : affinity.layers) {
    double counts[kExperts][kClasses] = {}, of_class[kClasses] = {}, of_expert[kExperts] = {}, all = 0;
    for (int64_t image = 0; image < kImages; ++image)
      for (int64_t patch = 0; patch < kPatches; ++patch)
        if (const int32_t e = plain_.expert(layer.layer, image, patch); e >= 0)
          ++counts[e][plain_.label(image)], ++of_class[plain_.label(image)], ++of_expert[e], ++all;
    EXPECT_EQ(static_cast<double>(layer.num_patches), all);
    double information = 0;
    for (int64_t e = 0; e < kExperts; ++e)
      for (int64_t c = 0; c < kClasses; ++c) {
        EXPECT_NEAR(layer.share[static_cast<size_t>(e * kClasses + c)], counts[e][c] / of_class[c], 1e-6);  // float
        if (counts[e][c] > 0)
          information += counts[e][c] / all * std::log(counts[e][c] * all / (of_class[c] * of_expert[e]));
      }
    EXPECT_NEAR(layer.class_information, information, 1e-9);
    EXPECT_THAT(layer.expert_order, testing::UnorderedElementsAre(0, 1, 2, 3));
    EXPECT_THAT(layer.class_order, testing::UnorderedElementsAre(0, 1, 2, 3));
    EXPECT_LE(std::abs(layer.replication), 1 + 1e-9);
    EXPECT_GT(layer.position_information, 0);
  }
}

TEST_P(Reports, TopPatchesAreThoseOfLargestWeight) {
  AskTopPatches ask;
  ask.per_expert = 5, ask.per_image = 1;
  const auto top = answer_to<TopPatches>(replica_, ask);
  EXPECT_EQ(top.patch_size, 2);
  for (const LayerTopPatches& layer : top.layers) {
    for (int64_t e = 0; e < kExperts; ++e) {
      std::vector<std::pair<float, int64_t>> best;  // (weight, image), the best patch of each image
      for (int64_t image = 0; image < kImages; ++image) {
        const RoutingMap& map = plain_.maps[layer.layer][static_cast<size_t>(image)];
        float most = -1;
        for (int64_t t = 0; t < kPatches; ++t) {
          if (GetParam() == RouterKind::soft) {
            most = std::max(most, map.combine[static_cast<size_t>(t * 8 + 2 * e)] +
                                      map.combine[static_cast<size_t>(t * 8 + 2 * e + 1)]);
            continue;
          }
          for (int64_t i = t * map.k; i < (t + 1) * map.k; ++i) {
            const auto at = static_cast<size_t>(i);
            if (map.expert[at] == e && map.drop[at] == DropReason::none) most = std::max(most, map.weight[at]);
          }
        }
        if (most >= 0) best.emplace_back(-most, image);
      }
      std::sort(best.begin(), best.end());
      const auto& got = layer.experts[static_cast<size_t>(e)];
      ASSERT_EQ(got.size(), std::min<size_t>(5, best.size()));
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].weight, -best[i].first);
        EXPECT_EQ(got[i].image, best[i].second);
        EXPECT_EQ(got[i].label, plain_.label(got[i].image));
      }
    }
  }
}

TEST_P(Reports, CoactivationSaysWhoSharesAPatchAndWhereItGoesOn) {
  const auto coactivation = answer_to<Coactivation>(replica_, AskCoactivation{});
  ASSERT_EQ(coactivation.layers.size(), 2u);
  EXPECT_TRUE(coactivation.layers[1].to_next.empty());
  double went[kExperts][kExperts] = {}, had[kExperts] = {}, shared[kExperts][kExperts] = {}, took[kExperts] = {};
  for (int64_t image = 0; image < kImages; ++image) {
    const RoutingMap& map = plain_.maps[0][static_cast<size_t>(image)];
    for (int64_t patch = 0; patch < kPatches; ++patch) {
      const int32_t from = plain_.expert(0, image, patch), to = plain_.expert(1, image, patch);
      if (from >= 0) ++had[from];
      if (from >= 0 && to >= 0) ++went[from][to];
      double part[kExperts] = {};
      for (int64_t i = 0; GetParam() == RouterKind::soft && i < 8; ++i)
        part[i / 2] += map.combine[static_cast<size_t>(patch * 8 + i)];
      for (int64_t i = patch * map.k; i < (patch + 1) * map.k; ++i)
        if (const auto at = static_cast<size_t>(i); map.expert[at] >= 0 && map.drop[at] == DropReason::none)
          part[map.expert[at]] = 1;
      for (int64_t a = 0; a < kExperts; ++a) {
        took[a] += part[a];
        for (int64_t b = 0; b < kExperts; ++b) shared[a][b] += a == b ? 0 : part[a] * part[b];
      }
    }
  }
  for (int64_t a = 0; a < kExperts; ++a)
    for (int64_t b = 0; b < kExperts; ++b) {
      const auto at = static_cast<size_t>(a * kExperts + b);
      EXPECT_NEAR(coactivation.layers[0].to_next[at], had[a] > 0 ? went[a][b] / had[a] : 0, 1e-6);  // float
      EXPECT_NEAR(coactivation.layers[0].together[at], took[a] > 0 ? shared[a][b] / took[a] : 0, 1e-6);
    }
}

TEST_P(Reports, MistakesCountPairsAndMeasureHowImagesAreRouted) {
  const auto mistakes = answer_to<Mistakes>(replica_, AskMistakes{});
  std::vector<int64_t> confusion(kClasses * kClasses, 0);
  std::vector<std::vector<double>> use(kImages, std::vector<double>(2 * kExperts, 0)), mean(kClasses, use[0]);
  std::vector<double> count(kClasses, 0);
  for (int64_t image = 0; image < kImages; ++image) {
    const auto i = static_cast<size_t>(image), label = static_cast<size_t>(plain_.label(image));
    ++confusion[label * kClasses + static_cast<size_t>(plain_.predicted(image))];
    for (const int64_t layer : {0, 1})
      for (int64_t patch = 0; patch < kPatches; ++patch)
        if (const int32_t e = plain_.expert(layer, image, patch); e >= 0)
          use[i][static_cast<size_t>(layer * kExperts + e)] += 1.0 / kPatches;
    ++count[label];
    for (size_t u = 0; u < 8; ++u) mean[label][u] += use[i][u];
  }
  EXPECT_EQ(mistakes.confusion, confusion);
  ASSERT_EQ(mistakes.images.size(), static_cast<size_t>(kImages));
  for (int64_t image = 0; image < kImages; ++image) {
    const auto i = static_cast<size_t>(image), label = static_cast<size_t>(plain_.label(image));
    double distance = 0;
    for (size_t u = 0; u < 8; ++u) distance += std::abs(use[i][u] - mean[label][u] / count[label]) / 2 / 2;
    EXPECT_NEAR(mistakes.images[i].distance, distance, 1e-5);  // sums of floats
    EXPECT_EQ(mistakes.images[i].image, image);
    EXPECT_EQ(mistakes.images[i].predicted, plain_.predicted(image));
    EXPECT_LE(mistakes.images[i].label_probability, mistakes.images[i].probability);
  }
}

TEST_P(Reports, EmbeddingPutsPatchesWhereTheirComponentsAre) {
  AskEmbedding ask;
  ask.layer = 1, ask.max_points = 100;
  const auto embedding = answer_to<Embedding>(replica_, ask);
  ASSERT_GT(embedding.points.size(), 60u);
  ASSERT_LE(embedding.points.size(), 100u);
  std::vector<float> rows;
  for (const EmbeddedPatch& p : embedding.points) {
    const auto& image = plain_.scored[1][static_cast<size_t>(p.image)];
    rows.insert(rows.end(), image.begin() + p.patch * 16, image.begin() + (p.patch + 1) * 16);
    EXPECT_EQ(p.expert, plain_.expert(1, p.image, p.patch));
    EXPECT_EQ(p.correct, plain_.predicted(p.image) == p.label);
  }
  const PrincipalComponents components = principal_components(rows, 16);
  for (size_t i = 0; i < embedding.points.size(); ++i) EXPECT_EQ(embedding.points[i].x, components.points[2 * i]);
  EXPECT_GE(embedding.explained_x, embedding.explained_y);

  ask.projection = Projection::tsne;
  const auto tsne = answer_to<Embedding>(replica_, ask);
  EXPECT_EQ(tsne.projection, Projection::tsne);
  EXPECT_GT(tsne.divergence, 0);
  for (const EmbeddedPatch& p : tsne.points) EXPECT_TRUE(std::isfinite(p.x) && std::isfinite(p.y));
}

TEST_P(Reports, AnExpertsKeptCurveEndsWhereTheModelIsWhole) {
  const auto curve = answer_to<Curve>(replica_, kept_curve(kExperts, KeepBy::combine));
  ASSERT_EQ(curve.points.size(), 4u);
  const EvalResult whole = evaluate(*replica_.model, replica_.dataset, EvalOptions::of(replica_.config));
  EXPECT_EQ(curve.points[3].loss, whole.loss);
  EXPECT_EQ(curve.points[3].gflops_per_image, whole.gflops_per_image);
  EXPECT_LT(curve.points[0].gflops_per_image, curve.points[3].gflops_per_image);
  EvalOptions one = EvalOptions::of(replica_.config);
  one.what_if.kept.count = 1;
  EXPECT_EQ(curve.points[0].loss, evaluate(*replica_.model, replica_.dataset, one).loss);
  EXPECT_TRUE(curve.exact);
}

TEST_P(Reports, ACurveOfOneImageIsALookAtEachPoint) {
  AskImageCurve ask;
  ask.image = {7, nullptr, "test 7"};
  ask.curve = kept_curve(kExperts, KeepBy::combine);
  ReportRequest request;
  request.question = ask;
  const Report report = run_report(replica_, request);
  EXPECT_EQ(report.token_set, "test 7");
  const auto curve = std::get<ImageCurve>(report.answer);
  ASSERT_EQ(curve.points.size(), 4u);
  Watcher watcher(replica_.dataset, replica_.config.data.scale);
  watcher.watch({ask.image}, -1);
  const auto probabilities = [&](const WhatIf& w) {
    return watcher.look(*replica_.model, replica_.config.router, w, 40)[0].probabilities;
  };
  const std::vector<float> whole = probabilities({}), one = probabilities(ask.curve.points[0]);
  const auto predicted = static_cast<size_t>(std::max_element(whole.begin(), whole.end()) - whole.begin());
  EXPECT_EQ(curve.points[3].probability, whole[predicted]);
  EXPECT_EQ(curve.points[0].probability, one[predicted]);
  EXPECT_EQ(curve.points[0].label_probability, one[static_cast<size_t>(plain_.label(7))]);
  EXPECT_LT(curve.points[0].gflops, curve.points[3].gflops);
}

INSTANTIATE_TEST_SUITE_P(Routers, Reports,
                         testing::Values(RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice),
                         [](const auto& kind) {
                           return std::string(kind.param == RouterKind::soft            ? "Soft"
                                              : kind.param == RouterKind::tokens_choice ? "TokensChoice"
                                                                                        : "ExpertsChoice");
                         });

TEST(CurveReport, AFirstEstimateComesWithItsErrorAndTheEndIsTheEvaluation) {
  RunConfig config = tiny_config(RouterKind::tokens_choice);
  Replica replica = tiny_replica(config, 200);
  ReportRequest request;
  AskCurve ask = capacity_curve({0.25, 1});
  ask.first_images = 20;
  request.question = ask;
  const auto job = make_report_job(replica, request);
  bool estimated = false;
  while (job->slice()) {
    if (estimated || !job->take_urgent()) continue;
    estimated = true;
    const auto curve = std::get<Curve>(job->answer());
    EXPECT_FALSE(curve.exact);
    EXPECT_EQ(curve.points[0].num_images, 20);
    EXPECT_GT(curve.points[0].accuracy_error, 0);
  }
  EXPECT_TRUE(estimated);
  const auto curve = std::get<Curve>(job->answer());
  EXPECT_TRUE(curve.exact);
  config.router.capacity_factor = 0.25;
  const EvalResult evaluated = evaluate(*replica.model, replica.dataset, EvalOptions::of(config));
  EXPECT_EQ(curve.points[0].accuracy, evaluated.accuracy);
  EXPECT_EQ(curve.points[0].loss, evaluated.loss);
  EXPECT_EQ(curve.points[0].gflops_per_image, evaluated.gflops_per_image);
  EXPECT_EQ(curve.points[0].accuracy_error, 0);
}

TEST(PrincipalComponents, FindTheLongSideOfACloud) {
  std::vector<float> rows;  // an ellipse of 10 by 2 by 0, turned
  for (int i = 0; i < 360; ++i) {
    const double a = i * 3.14159265358979 / 180, x = 10 * std::cos(a), y = 2 * std::sin(a);
    rows.insert(rows.end(), {static_cast<float>(0.8 * x - 0.6 * y + 5), static_cast<float>(0.6 * x + 0.8 * y), 1});
  }
  const PrincipalComponents found = principal_components(rows, 3);
  EXPECT_NEAR(found.explained_x, 100.0 / 104, 1e-6);  // floats
  EXPECT_NEAR(found.explained_y, 4.0 / 104, 1e-6);
  EXPECT_NEAR(found.points[0], 10, 1e-4);
  EXPECT_NEAR(found.points[1], 0, 1e-4);
}

TEST(TsneMap, KeepsNeighboursTogether) {
  // two clouds of 30 points in ten dimensions, twenty deviations apart
  std::vector<float> rows, start;
  Rng rng(1, RngPurpose::test);
  for (int i = 0; i < 60; ++i) {
    for (int c = 0; c < 10; ++c) rows.push_back(static_cast<float>(rng.normal()) + (i < 30 ? 0.0f : 20.0f));
    start.push_back(static_cast<float>(rng.normal()));
    start.push_back(static_cast<float>(rng.normal()));
  }
  Tsne tsne(rows, 10, start, 10);
  while (tsne.prepare()) {}
  tsne.iterate();
  const double before = tsne.divergence();
  for (int i = 0; i < 400; ++i) tsne.iterate();
  EXPECT_LT(tsne.divergence(), before);
  const auto& y = tsne.points();
  const auto distance = [&](size_t i, size_t j) {
    return std::hypot(y[2 * i] - y[2 * j], y[2 * i + 1] - y[2 * j + 1]);
  };
  for (size_t i = 0; i < 60; ++i) {
    size_t nearest = i == 0 ? 1 : 0;
    for (size_t j = 0; j < 60; ++j)
      if (j != i && distance(i, j) < distance(i, nearest)) nearest = j;
    EXPECT_EQ(nearest < 30, i < 30) << i;
  }
}

TEST(PurityReport, CountsEveryLabelledPatchThatAnExpertTook) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    RunConfig config = tiny_config(kind);
    config.model.head = HeadKind::token;  // the class token in front belongs to no patch
    Replica replica = tiny_replica(config);
    replica.dataset = std::make_shared<LabelledTextures>();
    ReportRequest request;
    request.question = AskPurity{};
    if (kind != RouterKind::soft) request.what_if.capacity_factor = 4;  // nothing is dropped
    const auto layers = std::get<Purity>(run_report(replica, request).answer).layers;
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].layer, 1);
    EXPECT_EQ(layers[0].num_patches, 16 * 12) << "16 images, 16 patches less the first row";
    EXPECT_GE(layers[0].purity, layers[0].chance);
    EXPECT_DOUBLE_EQ(layers[0].chance, 0.25);
    EXPECT_LE(layers[0].mutual_information, layers[0].label_entropy + 1e-12);
  }
}

TEST(ReportRefusals, SayWhatIsMissing) {
  Replica replica = tiny_replica(tiny_config());
  const auto refusal = [&](Question question, WhatIf what_if = {}) -> std::string {
    ReportRequest request;
    request.question = std::move(question);
    request.what_if = std::move(what_if);
    try {
      make_report_job(replica, request);
    } catch (const ConfigError& error) { return error.what(); }
    return "accepted";
  };
  AskEmbedding wrong_layer;
  wrong_layer.layer = 0;
  EXPECT_EQ(refusal(wrong_layer), "layer 0 has no experts; the layers with experts are 1");
  EXPECT_EQ(refusal(AskPurity{}), "textures does not know what is on its patches; set data.dataset=fashion_scenes");
  WhatIf k;
  k.k = 2;
  EXPECT_EQ(refusal(AskMistakes{}, k), "k cannot be changed here; only tokens_choice has it, and this model is soft");
  EXPECT_EQ(refusal(capacity_curve()),
            "capacity factor cannot be changed here; only sparse routers have one, and this model is soft");
  WhatIf all_off;
  all_off.off = {{1, 0}, {1, 1}, {1, 2}, {1, 3}};
  EXPECT_EQ(refusal(AskAffinity{}, all_off), "every expert of layer 1 is off; switch one on");
}

}  // namespace
}  // namespace moescope
