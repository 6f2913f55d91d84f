// Palette, links and the kept view in the whole workspace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/words.h"
#include "support/ui_demo_run.h"
#include "support/ui_stage.h"
#include "widgets/panels/help_sheet.h"
#include "window/workspace.h"

namespace moescope {
namespace {

using testing::HasSubstr;

struct Desk : demo::Stage {
  explicit Desk(RouterKind kind = RouterKind::tokens_choice) : run(kind) {
    run.advance(60);
    show(
        [this] {
          if (run.take(snapshot)) ++serial;
          commands.clear();
          workspace.draw_ui(screen(), seen(), run.gallery(), run.store_status(), commands);
          for (Command& command : commands) run.send(std::move(command));
        },
        true);
    frame(3);
  }
  panels::Seen seen() {
    panels::Seen now{snapshot.get(), serial, &textures, ImGui::GetTime()};
    now.checkpoints = checkpoints;
    return now;
  }
  void ctrl(char letter) {
    look.key_presses.push_back({letter, true});
    frame();
    look.key_presses.clear();
    frame(3);
  }
  void find(const std::string& text) {
    ctrl('K');
    type(text);
    frame(2);
    tap(257);
    frame();
    look.key_presses.clear();
    frame(2);
  }
  const panels::Selection& selection() { return workspace.explore().selection(); }
  demo::DemoRun run;
  Workspace workspace;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<CheckpointInfo> checkpoints;
  std::vector<Command> commands;
  uint64_t serial = 0;
};

TEST(WindowView, ThePaletteDoesWhatItsKeyDoes) {
  Desk desk;
  const bool dark = desk.workspace.dark;
  desk.find("dark or light");
  EXPECT_NE(desk.workspace.dark, dark);
  const int64_t layer = desk.selection().layer;
  desk.find("layer before");
  EXPECT_LT(desk.selection().layer, layer);
  desk.find("save a checkp");
  EXPECT_TRUE(std::any_of(desk.run.commands.begin(), desk.run.commands.end(),
                          [](const Command& c) { return std::holds_alternative<SaveCheckpoint>(c); }));
  desk.find("image 3");
  EXPECT_EQ(desk.selection().image.test_index, 3);
  desk.find("patch 17");
  EXPECT_EQ(desk.selection().pinned.token, 17);
  EXPECT_EQ(desk.selection().image.test_index, 3);  // the rest stays
}

TEST(WindowView, EveryKeyThatAPageNamesIsFoundByThePalette) {
  Desk desk;
  for (const ui::Key key : {ui::Key::f1, ui::Key::f3, ui::Key::f4, ui::Key::f5, ui::Key::f6}) {
    desk.workspace.open(key);
    desk.frame(2);
    const std::string title(desk.workspace.page().title());
    const std::vector<panels::KeyCommand> commands = panels::key_commands(title, {});
    const panels::Seen seen = desk.seen();
    const PageInput input{seen, desk.run.gallery(), desk.workspace.history(), true, nullptr};
    for (const ui::KeyHint& hint : desk.workspace.page().key_hints(input)) {
      for (const std::string& one : words_of(hint.keys, " ")) {
        const std::optional<ui::Press> press = ui::press_of(one);
        const bool held = hint.keys.ends_with(" hold");  // which no list of commands can do
        EXPECT_TRUE(held ||
                    std::any_of(commands.begin(), commands.end(), [&](const auto& c) { return c.press == press; }))
            << title << ": " << one;
      }
    }
  }
}

TEST(WindowView, ALinkBringsTheSameViewBack) {
  ViewLink link;
  {
    Desk from;
    for (const char* place : {"image 3", "expert 2", "patch 17", "layer before"}) from.find(place);
    from.type("n");
    link = from.workspace.link(from.seen());
    EXPECT_EQ(link.step, from.snapshot->step);
  }
  EXPECT_EQ(link.image, 3);
  EXPECT_EQ(link.expert, 2);
  EXPECT_EQ(link.patch, 17);
  EXPECT_EQ(link.page, "explore");
  EXPECT_EQ(link.stretch, 1);
  Desk to;
  EXPECT_NE(to.workspace.link(to.seen()), link);
  to.workspace.follow(link_from_text(to_text(link)));
  to.frame(3);
  EXPECT_EQ(to.workspace.link(to.seen()), link);
  to.workspace.follow({.image = 1'000'000, .layer = 99, .expert = 99, .patch = 9999});
  to.frame(3);
  EXPECT_EQ(to.workspace.link(to.seen()), link);  // nothing of it exists, which is said
  EXPECT_GT(to.workspace.banner().height(to.seen(), {}), 0);
}

TEST(WindowView, ALinkLeadsToTheStoredStepNearestToItsOwn) {
  Desk desk;
  desk.workspace.follow({.step = 21});
  desk.frame(2);
  EXPECT_FALSE(desk.workspace.time().chosen()) << "nothing is stored yet";
  desk.run.store_steps({0, 20, 40});
  desk.checkpoints = desk.run.take_news().checkpoints.value();
  desk.frame(2);
  ASSERT_TRUE(desk.workspace.time().chosen());
  EXPECT_EQ(desk.workspace.time().chosen()->checkpoint.step, 20);
  EXPECT_EQ(desk.workspace.link(desk.seen()).step, 20);
}

TEST(WindowView, ALinkLeadsToASlotAlsoWhereTheCapacityMadeTheSlots) {
  Desk desk(RouterKind::soft);
  auto by_capacity = std::make_shared<Snapshot>(*desk.snapshot);
  by_capacity->config.router.slots_per_expert = 0;  // capacity_factor decides; the maps say how many there are
  desk.snapshot = by_capacity;
  desk.workspace.follow({.slot = 5});
  desk.frame(2);
  EXPECT_EQ(desk.selection().pinned.slot, 5);
}

TEST(WindowView, CtrlLCopiesTheLink) {
  Desk desk;
  desk.ctrl('L');
  EXPECT_THAT(ImGui::GetClipboardText(), HasSubstr("moescope://run/"));
  EXPECT_EQ(link_from_text(ImGui::GetClipboardText()), desk.workspace.link(desk.seen()));
}

TEST(WindowView, CtrlVTakesPathsFromTheClipboard) {
  Desk desk;
  ImGui::SetClipboardText("file:///home/a%20b.png\r\nsome words\n/home/100%25.jpg\n");
  desk.ctrl('V');
  EXPECT_EQ(desk.workspace.take_pasted(), (std::vector<std::string>{"/home/a b.png", "/home/100%25.jpg"}));
  EXPECT_TRUE(desk.workspace.take_pasted().empty()) << "once";
  ImGui::SetClipboardText("some words");
  desk.ctrl('V');
  EXPECT_TRUE(desk.workspace.take_pasted().empty());
}

TEST(WindowView, ReopeningReturnsToTheSameView) {
  const auto set = [](Desk& desk, float to) {
    float was = 0;
    desk.workspace.explore().visit_layout([&](const char* name, float& value) {
      if (std::string_view(name) == "explore.right") was = std::exchange(value, to);
    });
    return was;
  };
  std::string view;
  float usual = 0;
  {
    Desk before;
    before.find("image 3");
    before.find("expert 2");
    before.workspace.dark = false;
    usual = set(before, 555);
    view = before.workspace.view_text(before.seen());
  }
  Desk after;
  after.workspace.restore_view(view);
  after.frame(3);
  EXPECT_EQ(after.workspace.view_text(after.seen()), view);
  EXPECT_FALSE(after.workspace.dark);
  EXPECT_EQ(after.selection().image.test_index, 3);
  after.ctrl('0');
  EXPECT_EQ(set(after, 0), usual);
}

TEST(WindowView, AForeignViewChangesNothing) {
  Desk desk;
  const std::string as_it_is = desk.workspace.view_text(desk.seen());
  for (const char* text : {"", "something else\ndark 0\n", "moescope view 1\nexplore.right huge\nlink nowhere\nx",
                           "moescope view 1\nexplore.right -5\nexplore.curves 1e30\nunknown 7\n"}) {
    desk.workspace.restore_view(text);
    desk.frame(2);
    EXPECT_EQ(desk.workspace.view_text(desk.seen()), as_it_is) << text;
  }
}

}  // namespace
}  // namespace moescope
