// The whole screen on a stage: keys, hovering that links panels, states, and texts that fit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/ui_demo_run.h"
#include "support/ui_stage.h"
#include "widgets/panels/shown.h"
#include "window/workspace.h"

namespace moescope {
namespace {

struct Screen : demo::Stage {
  explicit Screen(RouterKind kind, float width = 1600, float height = 900, float scale = 1)
      : Stage(width, height, scale), run(kind) {
    run.advance(60);
    workspace.explore().reroute = [this](const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router,
                                         int64_t image) { return run.reroute(map, what_if, router, image); };
    show(
        [this] {
          if (run.take(snapshot)) ++serial;
          RunNews news = run.take_news();
          if (news.other_run) workspace.forget_run();
          workspace.add(news.metrics, news.applied);
          if (news.checkpoints) checkpoints = std::move(*news.checkpoints);
          std::vector<Command> commands;
          if (run.take_look(answer)) ++look_serial;
          for (auto& report : run.take_reports()) {
            std::erase_if(reports, [&](const auto& old) { return old->request.id == report->request.id; });
            reports.push_back(std::move(report));
          }
          panels::Seen seen{snapshot.get(), serial, &textures, ImGui::GetTime(), answer.get(), look_serial, reports};
          seen.checkpoints = checkpoints;
          workspace.draw_ui(screen(), seen, run.gallery(), run.store_status(), commands);
          for (Command& command : commands) run.send(std::move(command));
          if (const auto choice = workspace.take_checkpoint_choice()) run.explore_checkpoint(*choice);
          if (const auto step = workspace.take_branch()) run.branch(*step);
          if (auto request = workspace.explore().take_look_request()) run.look(std::move(*request));
          if (workspace.explore().take_stop_looking()) run.stop_looking();
          panels::ReportAsks asks = workspace.explore().take_report_asks();
          for (const int64_t id : asks.cancelled) run.cancel_report(id);
          for (ReportRequest& request : asks.reports) run.report(std::move(request));
        },
        true);
    frame(3);
  }
  template <class T>
  size_t count() const {
    return static_cast<size_t>(std::count_if(run.commands.begin(), run.commands.end(),
                                             [](const Command& c) { return std::holds_alternative<T>(c); }));
  }
  /// Moves the mouse over the screen until something is pointed at; false when nothing is.
  bool find(float x0, float y0, float x1, float y1, const std::function<bool(const panels::Selection&)>& found) {
    for (float y = y0; y < y1; y += 9)
      for (float x = x0; x < x1; x += 9) {
        move(x, y);
        if (found(workspace.explore().selection())) return true;
      }
    return false;
  }
  demo::DemoRun run;
  Workspace workspace;
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Look> answer;
  std::vector<std::shared_ptr<const Report>> reports;
  std::vector<CheckpointInfo> checkpoints;
  uint64_t serial = 0, look_serial = 0;
};

TEST(QuickRoute, ARandomChoiceOfExpertsIsDrawnForTheImageOnView) {
  const Snapshot snapshot = demo::snapshot(RouterKind::tokens_choice, 5);
  panels::Seen seen;
  seen.snapshot = &snapshot;
  panels::Selection selection;
  selection.image = snapshot.images.at(0).image, selection.has_image = true;
  selection.layer = snapshot.images[0].routing.at(0).layer;
  selection.asking.lasting.kept = {4, KeepBy::random, 0};
  int64_t drawn_for = -1;
  QuickRoute quick;
  EXPECT_TRUE(
      quick.update(seen, selection, [&](const RoutingMap& map, const WhatIf&, const RouterConfig&, int64_t image) {
        drawn_for = image;
        return map;
      }));
  EXPECT_EQ(drawn_for, selection.image.test_index);
  EXPECT_GT(drawn_for, 0);
}

TEST(Workspace, HoveringAPatchPointsAtItsExpertAndBack) {
  Screen screen(RouterKind::tokens_choice);
  ASSERT_TRUE(screen.find(700, 110, 1080, 480, [](const panels::Selection& s) { return s.hovered.token >= 0; }));
  const panels::Selection selection = screen.workspace.explore().selection();
  const RoutingMap& map = *panels::find_map(screen.snapshot->images[0], selection.layer);
  EXPECT_EQ(selection.hovered.expert, panels::executed_choice(map, selection.hovered.token).expert);
  ASSERT_TRUE(screen.find(1200, 110, 1210, 460, [](const panels::Selection& s) { return s.hovered.expert == 5; }));
  EXPECT_EQ(screen.workspace.explore().selection().hovered.token, -1);
}

TEST(Workspace, HoveringASlotPointsAtItsExpertAndShowsItsMap) {
  Screen screen(RouterKind::soft);
  screen.run.post();
  screen.frame(2);
  ASSERT_TRUE(screen.find(260, 390, 1090, 480, [](const panels::Selection& s) { return s.hovered.slot == 31; }));
  EXPECT_EQ(screen.workspace.explore().selection().hovered.expert, 10);  // three slots an expert
  const panels::Selection selection = screen.workspace.explore().selection();
  const RoutingMap& map = *panels::find_map(screen.snapshot->images[0], selection.layer);
  EXPECT_EQ(panels::SoftPicture::shown_slot(map, selection), 31);
}

TEST(Workspace, PinnedPatchesStayAndEscapeLetsGo) {
  Screen screen(RouterKind::tokens_choice);
  ASSERT_TRUE(screen.find(700, 110, 1080, 480, [](const panels::Selection& s) { return s.hovered.token >= 0; }));
  screen.press();
  screen.release();
  screen.move(5, 5);
  EXPECT_GE(screen.workspace.explore().selection().token(), 0);
  screen.tap(256);
  EXPECT_EQ(screen.workspace.explore().selection().token(), -1);
}

TEST(Workspace, KeysActOnWhatTheyName) {
  Screen screen(RouterKind::tokens_choice);
  EXPECT_EQ(screen.workspace.explore().selection().layer, 5);
  screen.type(",,,,");
  EXPECT_EQ(screen.workspace.explore().selection().layer, 3);  // the first MoE layer, and no further
  screen.type(".");
  EXPECT_EQ(screen.workspace.explore().selection().layer, 4);
  screen.type("]");
  EXPECT_EQ(screen.workspace.explore().selection().pinned.expert, 0);
  screen.type("[");
  EXPECT_EQ(screen.workspace.explore().selection().pinned.expert, 15);
  screen.type("t");
  EXPECT_EQ(screen.count<SetRunning>(), 1u);
  screen.type("e");
  EXPECT_EQ(screen.count<EvaluateNow>(), 1u);
  ImGui::GetIO().KeyCtrl = true;
  screen.tap('S');
  ImGui::GetIO().KeyCtrl = false;
  EXPECT_EQ(screen.count<SaveCheckpoint>(), 1u);
  screen.type("d");
  EXPECT_FALSE(screen.workspace.dark);
  screen.type("k");
  EXPECT_EQ(screen.workspace.explore().selection().image.test_index, 18);
}

TEST(Workspace, AFunctionKeyOpensItsPageAndOthersDoNothing) {
  Screen screen(RouterKind::tokens_choice);
  EXPECT_EQ(screen.workspace.page().title(), "Explore");
  screen.tap(static_cast<int>(ui::Key::f5));
  screen.tap(static_cast<int>(ui::Key::f1));
  EXPECT_EQ(screen.workspace.page().title(), "Explore");
}

TEST(Workspace, TheKeySheetTakesTheKeyboardUntilItIsClosed) {
  Screen screen(RouterKind::tokens_choice);
  screen.type("?");
  screen.frame(2);
  screen.type("t");
  EXPECT_EQ(screen.count<SetRunning>(), 0u);
  screen.tap(256);
  screen.frame(2);
  screen.type("t");
  EXPECT_EQ(screen.count<SetRunning>(), 1u);
}

TEST(Workspace, LeavingWhileTheRunTrainsIsAsked) {
  using panels::Leave;
  Screen screen(RouterKind::soft);
  EXPECT_EQ(screen.workspace.leave(), Leave::undecided);
  screen.workspace.ask_to_leave();
  screen.frame(2);
  screen.type("t");
  EXPECT_EQ(screen.count<SetRunning>(), 0u);  // the sheet has the keyboard
  screen.key(256, true);
  EXPECT_EQ(screen.workspace.leave(), Leave::stay);
  screen.key(256, false);
  screen.workspace.ask_to_leave();
  screen.frame(2);
  screen.move(800 + 260 - 28 - 160 - 75, 450 + 95 - 36);  // left of the rightmost button
  screen.press();
  ImGui::GetIO().MouseDown[0] = false;
  screen.frame();
  EXPECT_EQ(screen.workspace.leave(), Leave::go_on);
  screen.frame();
  screen.workspace.ask_to_leave();
  screen.frame(2);
  screen.key(257, true);
  EXPECT_EQ(screen.workspace.leave(), Leave::save);
}

TEST(Workspace, TheFirstSnapshotWithoutAnImageAsksForOne) {
  Screen screen(RouterKind::soft, 1600, 900);
  Workspace fresh;
  Snapshot bare = *screen.snapshot;
  bare.images.clear();
  std::vector<Command> commands;
  screen.show(
      [&] {
        fresh.draw_ui(screen.screen(), {&bare, 1, &screen.textures, 0}, screen.run.gallery(), {}, commands);
      },
      true);
  screen.frame(3);
  ASSERT_EQ(commands.size(), 1u);  // once, not every frame
  EXPECT_EQ(std::get<Watch>(commands[0]).images[0].test_index, 0);
}

TEST(Workspace, AnExpertOffChangesThePictureAndComesBack) {
  Screen screen(RouterKind::tokens_choice);
  ASSERT_TRUE(screen.find(1200, 110, 1210, 460, [](const panels::Selection& s) { return s.hovered.expert == 4; }));
  screen.key('X', true);
  screen.frame(2);
  ASSERT_EQ(screen.run.looks.size(), 1u);  // once while the key is down, whatever the frames
  EXPECT_EQ(screen.run.looks[0].what_if.off, (std::vector<ExpertOff>{{5, 4}}));
  const auto shown = [&] {
    const panels::Seen seen{screen.snapshot.get(), screen.serial, &screen.textures, 0, screen.answer.get(), 1, {}};
    return panels::shown_map(seen, screen.workspace.explore().selection());
  };
  EXPECT_EQ(shown()->expert_off[4], 1);
  for (int64_t token = 0; token < shown()->num_tokens; ++token) EXPECT_FALSE(panels::goes_to(*shown(), token, 4));
  ImGui::GetIO().KeyShift = true;  // the model as it is, while something is changed
  screen.frame(2);
  EXPECT_EQ(shown()->expert_off[4], 0);
  ImGui::GetIO().KeyShift = false;
  screen.key('X', false);
  screen.frame(2);
  EXPECT_EQ(shown()->expert_off[4], 0);
}

TEST(Workspace, TheSoftScaleStretchesOnlyWhenAsked) {
  Screen screen(RouterKind::soft);
  screen.run.sharpness = 0.05;  // almost uniform
  screen.run.advance(1);
  screen.frame(2);
  EXPECT_EQ(screen.textures.low, 0);
  EXPECT_EQ(screen.textures.high, 2);
  screen.type("n");
  screen.frame();
  EXPECT_GT(screen.textures.low, 0.5f);
  EXPECT_LT(screen.textures.high, 1.5f);
}

struct Size {
  float width, height, scale;
};

TEST(Workspace, NoTextIsCutInAnyStateAtTheSizesThatWePromise) {
  for (const Size size : {Size{1600, 900, 1}, Size{2560, 1440, 2}, Size{1920, 1200, 1}, Size{1024, 768, 1}})
    for (const RouterKind kind : {RouterKind::dense, RouterKind::soft, RouterKind::tokens_choice}) {
      Screen screen(kind, size.width, size.height, size.scale);
      for (const RunState state : {RunState::preparing, RunState::running, RunState::paused, RunState::diverged,
                                   RunState::failed, RunState::finished}) {
        screen.run.edit().state = state;
        screen.run.edit().message =
            state == RunState::failed ? "data set: train-images.gz ends early; download it again" : "";
        screen.run.post();
        screen.look.cut_texts = 0;
        screen.frame(2);
        EXPECT_EQ(screen.look.cut_texts, 0) << size.width << "x" << size.height << " router " << static_cast<int>(kind)
                                            << " state " << static_cast<int>(state);
      }
    }
}

/// A panel that was given no room, or less, must not compute with it.
bool draws_finite_places() {
  const ImDrawData& drawn = *ImGui::GetDrawData();
  for (int i = 0; i < drawn.CmdListsCount; ++i) {
    const ImVector<ImDrawVert>& vertices = drawn.CmdLists[i]->VtxBuffer;
    if (!std::all_of(vertices.begin(), vertices.end(),
                     [](const ImDrawVert& v) { return std::isfinite(v.pos.x) && std::isfinite(v.pos.y); }))
      return false;
  }
  return drawn.TotalVtxCount > 0;
}

TEST(Workspace, AWindowOfAnySizeDraws) {
  for (const Size size : {Size{720, 480, 1}, Size{300, 200, 1}, Size{3840, 2160, 1}, Size{1280, 300, 1.5f}}) {
    Screen screen(RouterKind::soft, size.width, size.height, size.scale);
    screen.frame(2);
    for (float x = 3; x < size.width; x += size.width / 17) {
      screen.move(x, size.height / 2);
      EXPECT_TRUE(draws_finite_places()) << size.width << "x" << size.height << " at " << x;
    }
  }
}

TEST(Workspace, HundredsOfExpertsScroll) {
  Screen screen(RouterKind::tokens_choice);
  screen.run.edit().config.router.num_experts = 300;
  screen.run.edit().config.router.k = 2;
  for (ExpertLoad& load : screen.run.edit().layers) load = demo::load_of(screen.run.edit().config, load.layer, 60);
  screen.run.post();
  screen.frame(3);
  EXPECT_TRUE(screen.find(1200, 110, 1210, 460, [](const panels::Selection& s) { return s.hovered.expert == 9; }));
}

}  // namespace
}  // namespace moescope
