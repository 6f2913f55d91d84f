// Controls: what a hand does to them.
#include "widgets/ui/controls.h"

#include <gtest/gtest.h>

#include "support/ui_stage.h"
#include "widgets/ui/panel.h"

namespace moescope::ui {
namespace {

TEST(SliderScale, LogarithmicTrackKeepsAnOffPositionAtItsLeft) {
  const SliderScale weight{1e-4, 1, true, false, true};
  EXPECT_EQ(weight.from_track(0), 0);
  EXPECT_EQ(weight.from_track(1), 1);
  EXPECT_EQ(weight.to_track(0), 0);
  EXPECT_NEAR(weight.from_track(weight.to_track(0.005)), 0.005, 1e-9);  // two digits: 0.005 is on the raster
  EXPECT_GT(weight.to_track(1e-4), 0);                                  // the smallest weight is not off
}

TEST(SliderScale, DraggedValuesHaveTwoDigits) {
  const SliderScale rate{1e-6, 0.1, true, false, false};
  for (int i = 0; i <= 100; ++i) {
    const double value = rate.from_track(i / 100.0);
    char text[32];
    std::snprintf(text, sizeof text, "%.1e", value);
    EXPECT_NEAR(std::stod(text), value, 1e-12 + 1e-9 * value);
  }
}

TEST(SliderScale, IntegersStayIntegers) {
  const SliderScale k{1, 8, false, true, false};
  EXPECT_EQ(k.from_track(0.49), 4);
  EXPECT_EQ(k.from_track(-3), 1);
  EXPECT_EQ(k.from_track(7), 8);
}

TEST(Controls, SliderFollowsTheHandAndReportsTheEnd) {
  demo::Stage stage(400, 100);
  double value = 0;
  int changes = 0, releases = 0;
  stage.show([&] {
    const SliderResult result = slider("s", {100, 40, 214, 20}, {0, 100, false, true, false}, value, theme().accent);
    changes += result.changed, releases += result.released;
  });
  stage.frame();
  stage.drag(107, 50, 207, 50);  // the track runs from 107 to 307
  EXPECT_EQ(value, 50);
  EXPECT_GT(changes, 1);
  EXPECT_EQ(releases, 1);
}

TEST(Controls, SliderMovesByArrowKeyWhenFocused) {
  demo::Stage stage(400, 100);
  ImGui::GetIO().ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  double value = 3;
  stage.show([&] { slider("s", {100, 40, 214, 20}, {1, 8, false, true, false}, value, theme().accent); });
  stage.frame();
  stage.click(107 + 200 * 2 / 7, 50);  // k = 3: focuses
  stage.tap(262);
  stage.tap(262);
  EXPECT_EQ(value, 4);  // the first arrow wakes the keyboard focus, the second moves
}

TEST(Controls, ToggleAndChoiceAnswerAClick) {
  demo::Stage stage(400, 100);
  bool on = false;
  int chosen = 0;
  const std::string words[] = {"one", "two", "three"};
  stage.show([&] {
    toggle("t", {10, 10, 60, 20}, on, theme().accent);
    if (const int clicked = segmented("c", {100, 10, 280, 24}, words, chosen); clicked >= 0) chosen = clicked;
  });
  stage.frame();
  stage.click(20, 20);
  EXPECT_TRUE(on);
  stage.click(370, 20);
  EXPECT_EQ(chosen, 2);
}

TEST(Controls, DisabledButtonDoesNothing) {
  demo::Stage stage(400, 100);
  int clicks = 0;
  bool enabled = false;
  stage.show([&] { clicks += button("b", {10, 10, 100, 30}, "Go", ButtonKind::plain, enabled); });
  stage.frame();
  stage.click(50, 20);
  EXPECT_EQ(clicks, 0);
  enabled = true;
  stage.click(50, 20);
  EXPECT_EQ(clicks, 1);
}

TEST(Controls, TextIsCutWithAnEllipsisAtWholeCharacters) {
  demo::Stage stage(400, 100);
  stage.show([] {
    const std::string cut = fit_text(Face::body, "größe größe größe", 60);
    EXPECT_LE(text_width(Face::body, cut), 60.f);
    EXPECT_EQ(cut.substr(cut.size() - 3), "…");
    EXPECT_EQ(static_cast<unsigned char>(cut[cut.size() - 4]) & 0xC0, cut[cut.size() - 4] & 0x80 ? 0x80 : 0x40);
    EXPECT_EQ(fit_text(Face::body, "fits", 200), "fits");
  });
  stage.frame();
}

TEST(Keys, LettersAreHeardUnlessSomebodyTypesText) {
  demo::Stage stage(400, 100);
  std::string text;
  int heard = 0;
  stage.show([&] {
    heard += typed('t');
    text_box("##box", {10, 10, 200, 24}, text, "");
  });
  stage.frame();
  stage.type("tT");
  EXPECT_EQ(heard, 2);
  stage.click(50, 20);
  stage.type("t");
  stage.frame();
  EXPECT_EQ(heard, 2);
  EXPECT_EQ(text, "t");
}

TEST(TabPanel, ArrowsReachTheTabsThatHaveNoRoom) {
  static constexpr std::string_view kNames[] = {"Compute", "Path", "Attention", "Classes", "Patches", "Pairs", "Kept"};
  demo::Stage stage(220, 120);
  int chosen = 0;
  stage.show([&] { tab_panel({0, 0, 220, 120}, kNames, chosen); });
  stage.frame();
  for (int i = 0; i < 6; ++i) stage.click(220 - 14 - 9, 21);  // the arrow to the right
  EXPECT_EQ(chosen, 0);                                       // to look is not to choose
  for (float x = 220 - 14 - 42; x > 14 && chosen == 0; x -= 6) stage.click(x, 21);
  EXPECT_EQ(chosen, 6);  // the last one is in view
  for (int i = 0; i < 6; ++i) stage.click(220 - 14 - 27, 21);
  stage.click(14 + 8, 21);
  EXPECT_EQ(chosen, 0);
}

TEST(TabPanel, WhatIsChosenElsewhereComesIntoView) {
  static constexpr std::string_view kNames[] = {"Compute", "Path", "Attention", "Classes", "Patches", "Pairs", "Kept"};
  demo::Stage stage(220, 120);
  int chosen = 0;
  stage.show([&] { tab_panel({0, 0, 220, 120}, kNames, chosen); });
  stage.frame();
  chosen = 6;  // by key
  stage.frame();
  stage.look.cut_texts = 0;
  stage.frame();
  stage.click(220 - 14 - 27, 21);  // the arrow to the left works: the row stands at its end
  stage.click(14 + 8, 21);
  EXPECT_GT(chosen, 0);
  EXPECT_LT(chosen, 6);
}

TEST(Fonts, EveryFaceHasWhatLabelsNeed) {
  demo::Stage stage;
  for (size_t face = 0; face < kNumFaces; ++face)
    for (const int c : {0x2026, 0x00D7, 0x2013, 0x2192, 0x2265, 0x00E9, 0x0416})  // … × – → ≥ é Ж
      EXPECT_NE(stage.look.fonts[face]->FindGlyphNoFallback(static_cast<ImWchar>(c)), nullptr)
          << "face " << face << " glyph " << c;
}

}  // namespace
}  // namespace moescope::ui
