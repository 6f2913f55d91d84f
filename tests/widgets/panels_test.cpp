// Panels on a stage: records in, a hand on them, commands out.
#include <gtest/gtest.h>

#include "support/ui_demo.h"
#include "support/ui_stage.h"
#include "widgets/panels/banner.h"
#include "widgets/panels/experts.h"
#include "widgets/panels/gallery.h"
#include "widgets/panels/jobs.h"
#include "widgets/panels/knobs.h"
#include "widgets/panels/status_bar.h"
#include "widgets/panels/transport.h"
#include "widgets/ui/panel.h"

namespace moescope::panels {
namespace {

struct PanelStage : demo::Stage {
  explicit PanelStage(RouterKind kind, float width = 480, float height = 480)
      : Stage(width, height), snapshot(demo::snapshot(kind, 100)) {
    seen = {&snapshot, 1, &textures, 0};
    selection.layer = 5;
    selection.image = snapshot.images[0].image;
    selection.has_image = true;
  }
  template <class T>
  std::vector<T> sent() const {
    std::vector<T> list;
    for (const Command& command : commands)
      if (const T* found = std::get_if<T>(&command)) list.push_back(*found);
    return list;
  }
  Snapshot snapshot;
  Seen seen;
  Selection selection;
  std::vector<Command> commands;
};

/// Where a panel's content lies, below its header.
ui::Rect panel_inside(const ui::Rect& panel) {
  return {panel.x + ui::kInset, panel.y + ui::kHeader, panel.w - 2 * ui::kInset, panel.h - ui::kHeader - ui::kInset};
}

TEST(Gallery, AClickWatchesTheImage) {
  PanelStage stage(RouterKind::soft, 218, 700);
  Gallery gallery;
  GallerySource source;
  source.count = 10000;
  source.pixels = [](int64_t index) { return std::make_shared<const ImagePixels>(demo::image(index, 28)); };
  source.label = [](int64_t index) { return index % 10; };
  stage.show([&] { gallery.draw_ui(stage.screen(), stage.seen, source, stage.selection, stage.commands); });
  stage.frame();
  stage.click(14 + 64 + 20, 40 + 38 + 64 + 20);  // second column, second row of three
  ASSERT_EQ(stage.sent<Watch>().size(), 1u);
  EXPECT_EQ(stage.sent<Watch>()[0].images[0].test_index, 4);
  EXPECT_EQ(stage.sent<Watch>()[0].layer, -1);
  EXPECT_EQ(stage.selection.image.test_index, 4);
}

TEST(Gallery, OnlyWhatIsInViewIsAskedFor) {
  PanelStage stage(RouterKind::soft, 218, 700);
  Gallery gallery;
  GallerySource source;
  source.count = 10000;
  int asked = 0;
  source.pixels = [&](int64_t) { return ++asked, nullptr; };
  stage.show([&] { gallery.draw_ui(stage.screen(), stage.seen, source, stage.selection, stage.commands); });
  stage.frame();
  EXPECT_GT(asked, 20);
  EXPECT_LT(asked, 60);
}

TEST(Gallery, KeysWalkAndFilterByClassName) {
  PanelStage stage(RouterKind::soft, 218, 700);
  Gallery gallery;
  GallerySource source;
  source.count = 100;
  source.label = [](int64_t index) { return index % 10; };
  stage.show([&] {
    gallery.take_keys(source, stage.selection, stage.commands);
    gallery.draw_ui(stage.screen(), stage.seen, source, stage.selection, stage.commands);
  });
  stage.frame();
  stage.type("k");
  EXPECT_EQ(stage.selection.image.test_index, 18);  // from test 17
  stage.type("jj");
  EXPECT_EQ(stage.selection.image.test_index, 16);
  stage.click(60, 54);  // the filter box
  stage.type("sneak");  // class 7: images 7, 17, 27, ...
  stage.frame();
  stage.tap(256);  // Esc gives the keyboard back; the text is what it was before editing
  stage.click(60, 54);
  stage.type("sneak");
  stage.click(4, 4);  // leave the box by a click elsewhere
  stage.type("k");
  EXPECT_EQ(stage.selection.image.test_index, 17);
  stage.type("k");
  EXPECT_EQ(stage.selection.image.test_index, 27);
}

TEST(Experts, WordsSayOffDeadAndFull) {
  ExpertLoad load;
  load.router = RouterKind::tokens_choice;
  load.actual_capacity_factor = 1.05;
  load.load = {1.05f, 0.0f, 0.7f};
  EXPECT_EQ(Experts::word(load, 0, false), "full");
  EXPECT_EQ(Experts::word(load, 1, false), "dead");
  EXPECT_EQ(Experts::word(load, 2, false), "");
  EXPECT_EQ(Experts::word(load, 2, true), "off");
  load.router = RouterKind::experts_choice;
  EXPECT_EQ(Experts::word(load, 0, false), "");  // full by construction: no news
}

TEST(Experts, TheEyeTurnsAnExpertOffAndOn) {
  PanelStage stage(RouterKind::tokens_choice);
  Experts experts;
  stage.show([&] { experts.draw_ui(stage.screen(), stage.seen, stage.selection); });
  stage.frame();
  const float row = (480.f - 40 - 14) / 16;  // sixteen rows share the panel
  const float y = 40 + std::floor(row) * 3.5f;
  stage.click(480 - 14 - 10, y);
  EXPECT_EQ(stage.selection.asking.now().off, (std::vector<ExpertOff>{{5, 3}}));
  stage.click(480 - 14 - 10, y);
  EXPECT_TRUE(stage.selection.asking.now().is_nothing());
}

TEST(Experts, HoldingXIsACounterfactualWhileHeld) {
  PanelStage stage(RouterKind::tokens_choice);
  Experts experts;
  stage.show([&] {
    stage.selection.begin_frame();
    experts.take_keys(stage.seen, stage.selection);
    experts.draw_ui(stage.screen(), stage.seen, stage.selection);
  });
  stage.frame();
  stage.move(60, 40 + 26 * 7.5f);  // over E7
  EXPECT_EQ(stage.selection.hovered.expert, 7);
  stage.key('X', true);
  stage.frame(5);
  EXPECT_EQ(stage.selection.asking.now().off, (std::vector<ExpertOff>{{5, 7}}));
  stage.move(60, 40 + 26 * 2.5f);  // the mouse may wander meanwhile
  EXPECT_EQ(stage.selection.asking.now().off, (std::vector<ExpertOff>{{5, 7}}));
  stage.key('X', false);
  EXPECT_TRUE(stage.selection.asking.now().is_nothing());
}

TEST(Knobs, OnlyWhatMattersForTheRouter) {
  auto keys = [](RouterKind kind) {
    std::vector<std::string_view> list;
    for (const Knob& knob : knobs_for(demo::config(kind))) list.push_back(knob.key);
    return list;
  };
  const auto has = [](const std::vector<std::string_view>& list, std::string_view key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  EXPECT_TRUE(has(keys(RouterKind::tokens_choice), "router.bpr"));
  EXPECT_FALSE(has(keys(RouterKind::soft), "router.bpr"));
  EXPECT_FALSE(has(keys(RouterKind::soft), "router.capacity_factor"));
  EXPECT_TRUE(has(keys(RouterKind::experts_choice), "router.capacity_factor"));
  EXPECT_EQ(keys(RouterKind::dense).size(), 2u);
  for (const RouterKind kind :
       {RouterKind::dense, RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice})
    for (const std::string_view key : keys(kind)) EXPECT_EQ(find_field(key).adjust, Adjust::live) << key;
}

TEST(Knobs, ADragSendsTheFieldAndStaysPendingUntilTheRunConfirms) {
  PanelStage stage(RouterKind::soft, 480, 256);
  Knobs knobs;
  stage.show([&] { knobs.draw_ui(panel_inside(stage.screen()), stage.seen, stage.commands); });
  stage.frame();
  const float y = 40 + 36 * 3.5f;  // below the router: noise, temperature, learning rate
  const float left = 14 + std::floor(452 * 0.43f), right = 480 - 14 - 66;
  stage.drag((left + right) / 2, y, right - 20, y);
  ASSERT_EQ(stage.sent<SetField>().size(), 1u);  // train.* is sent when the hand lets go
  const SetField sent = stage.sent<SetField>()[0];
  EXPECT_EQ(sent.key, "train.learning_rate");
  EXPECT_GT(std::stod(sent.value), 1e-3);
  stage.frame(3);
  EXPECT_TRUE(knobs.is_pending("train.learning_rate"));
  set_field(stage.snapshot.config, sent.key, sent.value);
  stage.frame();
  EXPECT_FALSE(knobs.is_pending("train.learning_rate"));
}

TEST(Knobs, AWishThatIsNeverConfirmedIsGivenUpAfterAWhile) {
  PanelStage stage(RouterKind::tokens_choice, 480, 456);
  Knobs knobs;
  stage.show([&] { knobs.draw_ui(panel_inside(stage.screen()), stage.seen, stage.commands); });
  stage.frame();
  stage.click(14 + std::floor(452 * 0.43f) + 12, 40 + 36 * 3.5f);  // below the router: k, capacity, the BPR toggle
  ASSERT_EQ(stage.sent<SetField>().size(), 1u);
  EXPECT_EQ(stage.sent<SetField>()[0].value, "false");
  EXPECT_TRUE(knobs.is_pending("router.bpr"));
  stage.seen.now_secs = 60;
  stage.frame();
  EXPECT_FALSE(knobs.is_pending("router.bpr"));
}

TEST(Knobs, AnotherRouterHasToBeSaidTwice) {
  PanelStage stage(RouterKind::tokens_choice, 480, 456);
  Knobs knobs;
  stage.show([&] { knobs.draw_ui(panel_inside(stage.screen()), stage.seen, stage.commands); });
  stage.frame();
  const float left = 14 + std::floor(452 * 0.43f), right = 480 - 14, y = 40 + 18;
  stage.click(left + (right - left) * 5 / 6, y);  // soft, the last of three
  EXPECT_TRUE(stage.sent<SetField>().empty());
  stage.click(right - 26, y);  // Keep
  stage.frame();
  stage.click(left + (right - left) * 5 / 6, y);
  stage.click(right - 52 - 6 - 31, y);  // Switch
  ASSERT_EQ(stage.sent<SetField>().size(), 1u);
  EXPECT_EQ(stage.sent<SetField>()[0].key, "router.kind");
  EXPECT_EQ(stage.sent<SetField>()[0].value, "soft");
  EXPECT_TRUE(knobs.is_pending("router.kind"));
}

TEST(Knobs, WhyTheRunCouldNotObeyIsSaid) {
  PanelStage stage(RouterKind::soft, 480, 256);
  Knobs knobs;
  stage.snapshot.message = "router.k is not a knob of this router";
  stage.show([&] { knobs.draw_ui(panel_inside(stage.screen()), stage.seen, stage.commands); });
  stage.frame();
  EXPECT_EQ(knobs.remark().text, stage.snapshot.message);
}

TEST(Knobs, ATypedValueMayLeaveTheTrackButNotTheTable) {
  PanelStage stage(RouterKind::soft, 480, 256);
  Knobs knobs;
  stage.show([&] { knobs.draw_ui(panel_inside(stage.screen()), stage.seen, stage.commands); });
  stage.frame();
  const float y = 40 + 36 * 2.5f;  // third row: temperature, track 0.1 to 10, table 0.01 to 100
  for (const char* text : {"50", "1000"}) {
    stage.click(480 - 14 - 20, y);
    stage.frame(2);
    ImGui::GetIO().KeyCtrl = true;
    stage.tap('A');
    ImGui::GetIO().KeyCtrl = false;
    stage.type(text);
    stage.tap(257);
    stage.frame();
  }
  ASSERT_EQ(stage.sent<SetField>().size(), 1u);  // 1000 was refused
  EXPECT_EQ(stage.sent<SetField>()[0].value, "50");
}

TEST(Transport, TStartsAndPausesAndAnswersAtOnce) {
  PanelStage stage(RouterKind::soft, 1600, 48);
  Transport transport;
  History history;
  stage.show([&] {
    transport.take_keys(stage.seen, stage.commands);
    transport.draw_ui(stage.screen(), stage.seen, history, stage.commands);
  });
  stage.frame();
  stage.type("t");
  stage.type("t");  // pressed again before the run has answered
  ASSERT_EQ(stage.sent<SetRunning>().size(), 2u);
  EXPECT_FALSE(stage.sent<SetRunning>()[0].running);
  EXPECT_TRUE(stage.sent<SetRunning>()[1].running);
  stage.type("s");
  EXPECT_TRUE(stage.sent<SingleStep>().empty());  // a step is for a run that stands
  stage.snapshot.state = RunState::paused;
  stage.type("s");
  EXPECT_EQ(stage.sent<SingleStep>().size(), 1u);
  stage.click(1600 - 20 - 60, 24);  // the button says Start
  EXPECT_TRUE(stage.sent<SetRunning>().back().running);
}

TEST(Transport, TheWaysOutOfAStoredStepAreAtHandInEveryWindow) {
  for (const float width : {1600.f, 1004.f, 560.f}) {  // what a window of 1600, 1280 and 860 leaves the bar
    PanelStage stage(RouterKind::soft, width, 48);
    Transport transport;
    History history;
    const std::vector<CheckpointInfo> stored(1);  // of step 0
    stage.seen.checkpoints = stored;
    stage.show([&] {
      transport.take_keys(stage.seen, stage.commands);
      transport.draw_ui(stage.screen(), stage.seen, history, stage.commands);
    });
    stage.frame();
    stage.type("<");
    ASSERT_TRUE(transport.time().chosen()) << width;
    bool live = false, branched = false;
    for (float x = width - 124; x > width - 460 && !(live && branched); x -= 8) {
      stage.click(x, 24);
      branched |= transport.take_branch() == 0;
      live |= !transport.time().chosen();
      if (!transport.time().chosen()) stage.type("<");
    }
    EXPECT_TRUE(live) << width;
    EXPECT_TRUE(branched) << width;
  }
}

TEST(Transport, StopRulesAreCheckedBeforeTheyAreSent) {
  EXPECT_EQ(check_stop_rule(""), "");
  EXPECT_EQ(check_stop_rule("epochs=3, accuracy=0.9"), "");
  EXPECT_NE(check_stop_rule("epoch=3").find("no condition 'epoch'; did you mean epochs=N?"), std::string::npos);
  EXPECT_NE(check_stop_rule("steps=-1").find("above 0"), std::string::npos);
  EXPECT_NE(check_stop_rule("steps=nan"), "");
  EXPECT_NE(check_stop_rule("accuracy=90").find("is above 1"), std::string::npos);
  EXPECT_NE(check_stop_rule("seconds"), "");
  EXPECT_NE(check_stop_rule("steps=2.5"), "");  // which the run would refuse
  EXPECT_NE(check_stop_rule("steps=2,steps=3"), "");

  PanelStage stage(RouterKind::soft, 1600, 48);
  Transport transport;
  History history;
  stage.show([&] { transport.draw_ui(stage.screen(), stage.seen, history, stage.commands); });
  stage.frame();
  for (const char* rule : {"banana", "steps=900"}) {
    stage.click(1280, 24);
    ImGui::GetIO().KeyCtrl = true;
    stage.tap('A');
    ImGui::GetIO().KeyCtrl = false;
    stage.type(rule);
    stage.tap(257);
    stage.frame();
  }
  ASSERT_EQ(stage.sent<SetStopRule>().size(), 1u);
  EXPECT_EQ(stage.sent<SetStopRule>()[0].rule, "steps=900");
}

TEST(Banner, DivergenceOffersTheWayBack) {
  PanelStage stage(RouterKind::soft, 1600, 100);
  Banner banner;
  const StoreStatus store{"sessions.db", 1, ""};
  stage.show([&] { banner.draw_ui(stage.screen(), stage.seen, store, stage.commands); });
  EXPECT_EQ(banner.height(stage.seen, store), 0);
  stage.snapshot.state = RunState::diverged;
  stage.snapshot.message = "the loss is NaN; layer 5's router";
  EXPECT_GT(banner.height(stage.seen, store), 0);
  stage.frame();
  stage.click(1600 - 100, 20);
  EXPECT_EQ(stage.sent<RestoreLastGood>().size(), 1u);
}

TEST(Banner, NoticesStayUntilDismissedAndAreNotRepeated) {
  PanelStage stage(RouterKind::soft, 1600, 200);
  Banner banner;
  const StoreStatus store{"sessions.db", 1, ""};
  banner.notice("cannot read shoe.png");
  banner.notice("cannot read shoe.png");
  const float one = banner.height(stage.seen, store);
  stage.show([&] { banner.draw_ui(stage.screen(), stage.seen, store, stage.commands); });
  stage.frame();
  stage.click(1600 - 40, 20);
  EXPECT_GT(one, 0);
  EXPECT_EQ(banner.height(stage.seen, store), 0);
}

TEST(Banner, PlainNewsTakesThePlaceOfOlderNewsAndGoesByItself) {
  PanelStage stage(RouterKind::soft, 1600, 200);
  Banner banner;
  const StoreStatus store{"sessions.db", 1, ""};
  Seen seen = stage.seen;
  seen.now_secs = 100;
  banner.notice("cannot read shoe.png");
  const float warning = banner.height(seen, store);
  banner.tell("picture saved as a.png");
  banner.tell("picture saved as b.png");
  EXPECT_EQ(banner.height(seen, store), 2 * warning);  // not three lines
  seen.now_secs = 105;
  EXPECT_EQ(banner.height(seen, store), 2 * warning);
  seen.now_secs = 113;
  EXPECT_EQ(banner.height(seen, store), warning);  // the warning stays
}

TEST(StatusBar, JobsAndSavingInWords) {
  EXPECT_DOUBLE_EQ(job_share("evaluating 62 %"), 0.62);
  EXPECT_DOUBLE_EQ(job_share("evaluating 62.5%"), 0.625);
  EXPECT_EQ(job_share("saving"), -1);
  EXPECT_EQ(job_share("%"), -1);
  EXPECT_EQ(saved_text({"", 3, ""}), "not stored");
  EXPECT_EQ(saved_text({"s.db", -1, ""}), "not saved yet");
  EXPECT_EQ(saved_text({"s.db", 31, ""}), "saved 30 s ago");
}

}  // namespace
}  // namespace moescope::panels
