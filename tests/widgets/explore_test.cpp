// Questions and their answers on a stage: the knobs of the look, brushes, studies.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/ui_demo_reports.h"
#include "support/ui_stage.h"
#include "widgets/panels/image_view.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/study.h"
#include "widgets/panels/study_views.h"
#include "widgets/panels/what_if_panel.h"
#include "widgets/plots/xy_plot.h"

namespace moescope::panels {
namespace {

struct ExploreStage : demo::Stage {
  explicit ExploreStage(RouterKind kind, float width = 480, float height = 460)
      : Stage(width, height), snapshot(demo::snapshot(kind, 100)) {
    selection.layer = 5;
    selection.image = snapshot.images[0].image;
    selection.has_image = true;
  }
  Seen seen() { return {&snapshot, 1, &textures, 0, look ? &*look : nullptr, 1, reports}; }
  /// The answer to what is asked now.
  void answer() {
    LookRequest request;
    request.images = {selection.image};
    request.what_if = selection.asking.now();
    look = demo::look(snapshot.config, request, snapshot.images[0].pixels, 100, 6);
  }
  void report(Page page, Question question) {
    ReportRequest request;
    request.id = report_id(page), request.question = std::move(question);
    reports.push_back(std::make_shared<const Report>(demo::report(snapshot.config, request, 100)));
  }
  Snapshot snapshot;
  Selection selection;
  std::optional<Look> look;
  std::vector<std::shared_ptr<const Report>> reports;
  std::vector<Command> commands;
};

/// Middle of row `row` of the page, and the ends of its slider.
float row_y(int row) { return 30.f * static_cast<float>(row) + 15; }
constexpr float kLeft = 480 * 0.40f + 8, kRight = 480 - 66 - 8 - 8;

TEST(WhatIf, ASliderAsksAndItsNumberTakesItBack) {
  ExploreStage stage(RouterKind::tokens_choice);
  WhatIfPanel panel;
  stage.show([&] { panel.draw_ui(stage.screen(), stage.seen(), stage.selection); });
  stage.frame(2);
  const WhatIf& asked = stage.selection.asking.lasting;
  stage.drag((kLeft + kRight) / 2, row_y(1), kLeft + 20, row_y(1));  // second row: capacity factor
  ASSERT_TRUE(asked.capacity_factor.has_value());
  EXPECT_LT(*asked.capacity_factor, 0.3);
  stage.click(480 - 20, row_y(1));
  EXPECT_TRUE(asked.is_nothing());
  stage.click(kLeft - 8 + 17, row_y(2));  // third row: Batch Prioritized Routing, on as the model is
  EXPECT_EQ(asked.bpr, std::optional<bool>(false));
  stage.click(kLeft - 8 + 17, row_y(2));
  EXPECT_TRUE(asked.is_nothing());  // as it is again: nothing is asked
}

TEST(WhatIf, EveryQuestionOfThePanelIsOneThatTheModelAccepts) {
  for (const RouterKind kind : {RouterKind::tokens_choice, RouterKind::soft}) {
    ExploreStage stage(kind);
    WhatIfPanel panel;
    stage.selection.pinned = {8, 3, -1};
    stage.show([&] { panel.draw_ui(stage.screen(), stage.seen(), stage.selection); });
    stage.frame(2);
    for (float y = 5; y < 460; y += 10)
      for (const float x : {kLeft + 4, (kLeft + kRight) / 2, kRight - 4}) {
        stage.click(x, y);
        EXPECT_NO_THROW(check(stage.selection.asking.now(), stage.snapshot.config,
                              num_patches(stage.snapshot.images[0].routing[0])))
            << describe(stage.selection.asking.now());
      }
  }
}

TEST(WhatIf, KeysHoldAndReset) {
  ExploreStage stage(RouterKind::soft);
  stage.show([&] { WhatIfPanel::take_keys(stage.seen(), stage.selection); });
  stage.selection.hovered.token = 10;
  stage.key('Z', true);
  EXPECT_EQ(stage.selection.asking.now().edits.size(), 1u);
  stage.key('Z', false);
  EXPECT_TRUE(stage.selection.asking.now().is_nothing());
  stage.selection.asking.lasting.temperature = 2;
  stage.type("r");
  EXPECT_TRUE(stage.selection.asking.now().is_nothing());
}

TEST(WhatIf, BrushesChangeTheImageUnderTheMouse) {
  ExploreStage stage(RouterKind::soft, 300, 300);
  const ImageView& view = stage.snapshot.images[0];
  const RoutingMap& map = view.routing.back();
  const Picture picture{{10, 10, 280, 280}, {10, 10, 280, 280}};  // ten a pixel, forty a patch
  bool taken = false;
  stage.show([&] { taken = take_brush(picture, view, map, stage.selection); });
  stage.click(10 + 50, 10 + 90);
  EXPECT_FALSE(taken);
  const std::vector<ImageEdit>& edits = stage.selection.asking.lasting.edits;
  stage.selection.asking.brush = Brush::occlude;
  stage.click(10 + 50, 10 + 90);  // patch (2, 1) of seven columns
  EXPECT_TRUE(taken);
  ASSERT_EQ(edits.size(), 1u);
  EXPECT_EQ(std::get<OccludePatch>(edits[0]).patch, 15);
  stage.click(10 + 50, 10 + 90);
  EXPECT_TRUE(edits.empty());
  stage.selection.asking.brush = Brush::paint;
  stage.drag(10 + 15, 10 + 25, 10 + 55, 10 + 25);  // along row 2, columns 1 to 5
  ASSERT_FALSE(edits.empty());
  for (const ImageEdit& edit : edits) EXPECT_EQ(std::get<PaintSpot>(edit).row, 2);
}

TEST(Shown, TheAnswerIsShownWhileItIsAskedAndShiftShowsTheModelAsItIs) {
  ExploreStage stage(RouterKind::tokens_choice);
  const Seen before = stage.seen();
  EXPECT_EQ(shown_view(before, stage.selection), &stage.snapshot.images[0]);
  EXPECT_FALSE(is_waiting(before, stage.selection));
  set_off(stage.selection.asking.lasting, 5, 4, true);
  EXPECT_TRUE(is_waiting(stage.seen(), stage.selection));
  EXPECT_EQ(shown_view(stage.seen(), stage.selection), &stage.snapshot.images[0]);  // until the answer is there
  stage.answer();
  EXPECT_FALSE(is_waiting(stage.seen(), stage.selection));
  EXPECT_EQ(shown_view(stage.seen(), stage.selection), &stage.look->images[0].changed);
  const LayerChange* change = shown_change(stage.seen(), stage.selection);
  ASSERT_TRUE(change && !change->patches.empty());
  for (const PatchChange& flip : change->patches) EXPECT_NE(flip.after, 4);
  EXPECT_EQ(count_rerouted(stage.look->images[0], 5), static_cast<int64_t>(change->patches.size()));
  stage.selection.asking.reference = true;
  EXPECT_EQ(shown_view(stage.seen(), stage.selection), &stage.look->images[0].as_is);
  stage.selection.asking = {};
  EXPECT_EQ(shown_view(stage.seen(), stage.selection), &stage.snapshot.images[0]);
}

struct StudyStage : ExploreStage {
  explicit StudyStage(RouterKind kind) : ExploreStage(kind, 700, 420) {
    gallery.count = 10000;
    gallery.pixels = [](int64_t i) { return std::make_shared<const ImagePixels>(demo::image(i, 28)); };
    gallery.label = [](int64_t i) { return i % 10; };
    show([this] {
      selection.begin_frame();
      study.draw_ui(screen(), seen(), gallery, selection, asks, commands);
    });
  }
  void ask_all() {
    const RunConfig& config = snapshot.config;
    report(Page::compute, capacity_curve());
    report(Page::classes, AskAffinity{});
    report(Page::patches, AskTopPatches{});
    report(Page::together, AskCoactivation{});
    report(Page::mistakes, AskMistakes{});
    report(Page::map, AskEmbedding{5, Projection::pca, 2000, 30});
    report(Page::kept, kept_curve(config.router.num_experts, KeepBy::combine));
    report(Page::parity, AskParity{});
  }
  /// Moves over the panel until something is pointed at.
  bool find(const std::function<bool()>& found) {
    for (float y = 45; y < 380; y += 8)
      for (float x = 20; x < 680; x += 8) {
        move(x, y);
        if (found()) return true;
      }
    return false;
  }
  GallerySource gallery;
  Study study;
  ReportAsks asks;
};

TEST(Study, APageAsksItsOwnQuestionUnderWhatIsAsked) {
  StudyStage stage(RouterKind::tokens_choice);
  stage.selection.asking.lasting.k = 1;
  stage.selection.asking.lasting.capacity_factor = 0.5;
  for (const Page page : {Page::compute, Page::classes, Page::mistakes, Page::map, Page::kept, Page::parity}) {
    stage.study.open(page);
    stage.asks = {};
    stage.frame(2);
    stage.click(700 - 14 - 110 - 8 - 46, 420 - 14 - 12);  // "Ask"
    ASSERT_EQ(stage.asks.reports.size(), 1u) << static_cast<int>(page);
    const ReportRequest& request = stage.asks.reports[0];
    EXPECT_EQ(request.id, report_id(page));
    EXPECT_EQ(request.max_images, 1000);
    EXPECT_EQ(request.what_if.k, std::optional<int64_t>(1));
    // the curve moves the capacity itself
    EXPECT_EQ(request.what_if.capacity_factor.has_value(), page != Page::compute);
  }
}

TEST(Study, AReportOnItsWayShowsItsProgressAndCanBeCancelled) {
  StudyStage stage(RouterKind::soft);
  ReportRequest request;
  request.id = report_id(Page::compute);
  Report report;
  report.request = request, report.state = ReportState::working, report.progress = 0.4, report.eta_secs = 3;
  stage.reports = {std::make_shared<const Report>(report)};
  stage.frame(2);
  stage.click(700 - 14 - 32, 420 - 14 - 12);
  EXPECT_EQ(stage.asks.cancelled, std::vector<int64_t>{report_id(Page::compute)});
  EXPECT_TRUE(stage.asks.reports.empty());
}

TEST(Study, EveryPageDrawsItsAnswerWithoutCuttingText) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice}) {
    StudyStage stage(kind);
    stage.ask_all();
    stage.look =
        demo::look(stage.snapshot.config, {1, {stage.selection.image}, {}, 5}, stage.snapshot.images[0].pixels, 100, 6);
    stage.selection.pinned.token = 20;
    stage.frame();
    const int empty = ImGui::GetDrawData()->TotalVtxCount;
    for (int page = 0; page < kNumPages; ++page) {
      stage.study.open(static_cast<Page>(page));
      ui::look().cut_texts = 0;
      stage.frame(2);
      EXPECT_EQ(ui::look().cut_texts, 0) << "page " << page;
      if (static_cast<Page>(page) == Page::attention)
        EXPECT_EQ(stage.textures.high, 8);  // its maps, on their locked scale
      else
        EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, empty / 2) << "page " << page;
      for (float x = 20; x < 700; x += 60) stage.move(x, 200);
    }
  }
}

TEST(Study, HoveringLightsTheExpertAndAClickGoesToTheImage) {
  StudyStage stage(RouterKind::tokens_choice);
  stage.ask_all();
  for (const Page page : {Page::classes, Page::patches, Page::together, Page::map}) {
    stage.study.open(page);
    EXPECT_TRUE(stage.find([&] { return stage.selection.hovered.expert >= 0; })) << static_cast<int>(page);
  }
  stage.study.open(Page::patches);
  ASSERT_TRUE(stage.find([&] { return stage.selection.hovered.expert >= 0; }));
  stage.press();
  stage.release();
  ASSERT_FALSE(stage.commands.empty());
  EXPECT_EQ(std::get<Watch>(stage.commands.front()).images[0].test_index, stage.selection.image.test_index);
  EXPECT_GE(stage.selection.pinned.token, 0);  // the patch itself
}

TEST(Study, AMarkerBetweenTwoPointsStandsBetweenThem) {
  const std::vector<plots::XyPoint> points = {{2, 30, 0, ""}, {0, 10, 0, ""}, {1, 20, 0, ""}};
  EXPECT_DOUBLE_EQ(plots::interpolate(points, 0.25), 12.5);
  EXPECT_DOUBLE_EQ(plots::interpolate(points, 1.5), 25);
  EXPECT_DOUBLE_EQ(plots::interpolate(points, -1), 10);
  EXPECT_DOUBLE_EQ(plots::interpolate(points, 9), 30);
}

}  // namespace
}  // namespace moescope::panels
