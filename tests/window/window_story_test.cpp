// The storyboard of the first five minutes, walked in a real window with mouse and keys. MOESCOPE_PICTURES=FOLDER keeps
// a picture of each step.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/ui_demo_run.h"
#include "support/ui_real_window.h"
#include "widgets/panels/routing_view.h"
#include "widgets/panels/study.h"

namespace moescope {
namespace {

class Story : public demo::RealWindow {
 protected:
  void SetUp() override {
    RealWindow::SetUp();
    if (IsSkipped()) return;
    run_.advance(60);
    WindowOptions options;
    options.scale = 1;
    window_ = std::make_unique<Window>(options, run_);
    turns(4, 0.01);
  }
  const panels::Selection& selection() { return window_->workspace().explore().selection(); }
  /// Looks over a part of the screen with the mouse until something is pointed at.
  bool find(int x0, int y0, int x1, int y1, const std::function<bool()>& found) {
    for (int y = y0; y < y1; y += 17)
      for (int x = x0; x < x1; x += 17) {
        hand("mousemove " + std::to_string(x) + " " + std::to_string(y));
        turns(3);
        if (found()) return true;
      }
    return false;
  }
  bool point_at_a_patch() {
    return find(810, 130, 1080, 320, [this] { return selection().hovered.token >= 0; });
  }

  demo::DemoRun run_{RouterKind::tokens_choice};
};

TEST_F(Story, At0_00AnImageAndItsRoutingAreThere) {
  EXPECT_TRUE(selection().has_image);
  EXPECT_EQ(selection().layer, 5);
  picture("0-00");
}

TEST_F(Story, At0_15HoveringReadsAPatch) {
  ASSERT_TRUE(point_at_a_patch());
  EXPECT_GE(selection().hovered.expert, 0);  // its expert lights in the list
  picture("0-15");
}

TEST_F(Story, At0_30KeysWalkImagesLayersAndExperts) {
  hand("key 3");
  ASSERT_TRUE(until([&] { return selection().image.test_index == 2; }));
  hand("key comma");
  ASSERT_TRUE(until([&] { return selection().layer == 4; }));
  hand("key bracketright");
  ASSERT_TRUE(until([&] { return selection().pinned.expert == 0; }));
  hand("key question");
  picture("0-30");
  hand("key Escape");
}

TEST_F(Story, At0_45HoldingXTurnsAnExpertOffAndLettingGoRestoresIt) {
  ASSERT_TRUE(find(1125, 105, 1140, 460, [this] { return selection().hovered.expert == 4; }));
  hand("keydown x");
  ASSERT_TRUE(until([&] { return run_.looks.size() == 1; }));
  EXPECT_EQ(run_.looks[0].what_if.off, (std::vector<ExpertOff>{{5, 4}}));
  picture("0-45");
  hand("keyup x");
  ASSERT_TRUE(until([&] { return run_.stops == 1; }));
  EXPECT_TRUE(selection().asking.now().is_nothing());
}

TEST_F(Story, At1_15TheCapacitySliderReroutesInTheSameFrame) {
  run_.answers_looks = false;  // a slow machine: only the quick answer is there
  hand("key c");
  turns(5);
  hand("mousemove 1440 577 mousedown 1");
  turns(5);
  hand("mousemove 1340 577");
  ASSERT_TRUE(until([&] { return selection().asking.lasting.capacity_factor.value_or(8) < 1; }));
  EXPECT_GE(run_.reroutes, 1);
  hand("mouseup 1");
  run_.answers_looks = true;
  run_.answer(run_.looks.back());
  run_.post(demo::report(run_.edit().config, {panels::report_id(panels::Page::compute), capacity_curve(), {}, 0}, 60));
  turns(5);
  picture("1-15");
}

TEST_F(Story, At1_45TTrainsAndPauses) {
  hand("key t");
  ASSERT_TRUE(until([&] { return run_.edit().state == RunState::paused; }));
  hand("key t");
  ASSERT_TRUE(until([&] { return run_.edit().state == RunState::running; }));
  run_.advance(40);
  picture("1-45");
}

TEST_F(Story, At3_00ADroppedImageIsRouted) {
  WatchedImage own{-1, std::make_shared<const ImagePixels>(demo::image(5, 56)), "shoe.jpg"};
  run_.edit_gallery().own.push_back(own);
  run_.advance(1);
  turns(5);
  ASSERT_TRUE(until([&] { return selection().image.own == own.own; }));  // at once, without a click
  EXPECT_TRUE(until([&] { return run_.edit().images[0].image.own == own.own; }));
  picture("3-00");
}

TEST_F(Story, At2_30AKnobIsMarkedAndCtrlZTakesItBack) {
  hand("mousemove 1440 795 mousedown 1");
  turns(5);
  hand("mousemove 1380 795 mouseup 1");
  ASSERT_TRUE(until([&] { return !window_->workspace().history().marks().empty(); }));
  picture("2-30");
  const std::string key = window_->workspace().history().marks().front().title;  // as it stands on every plot
  const std::string first = run_.first_value(key);
  ASSERT_NE(get_field(run_.edit().config, key), first);
  hand("key ctrl+z");
  ASSERT_TRUE(until([&] { return get_field(run_.edit().config, key) == first; }));
  EXPECT_TRUE(until([&] { return window_->workspace().history().marks().size() >= 2; }));  // itself a stored change
  hand("key ctrl+y");
  EXPECT_TRUE(until([&] { return get_field(run_.edit().config, key) != first; }));
}

TEST_F(Story, At3_30TheTimeSliderGoesBackAndBranches) {
  run_.store_steps({0, 20, 40});
  turns(5);
  hand("key less");
  ASSERT_TRUE(until([&] { return run_.explored_checkpoint == 3; }));
  hand("key less");
  ASSERT_TRUE(until([&] { return run_.explored_checkpoint == 2; }));
  run_.advance(5);  // training goes on meanwhile
  turns(5);
  EXPECT_EQ(window_->workspace().time().chosen()->checkpoint.step, 20);
  picture("3-30");
  hand("key ctrl+b");
  ASSERT_TRUE(until([&] { return run_.branched_at == 20; }));
  ASSERT_TRUE(until([&] { return window_->snapshot()->step == 20; }));
  EXPECT_FALSE(window_->workspace().time().chosen());  // live again
  picture("3-30-branched");
}

TEST_F(Story, At4_50APaletteFindsAnyCommandAndALinkIsCopied) {
  const bool dark = window_->workspace().dark;
  hand("key ctrl+k");
  turns(5);
  hand("type --delay 30 light");
  picture("4-50");
  hand("key Return");
  EXPECT_TRUE(until([&] { return window_->workspace().dark != dark; }));
  hand("key ctrl+k");
  turns(5);
  hand("type --delay 30 'image 4'");
  turns(5);
  hand("key Return");
  EXPECT_TRUE(until([&] { return selection().image.test_index == 4; }));
  hand("key ctrl+l");
  EXPECT_TRUE(until([&] {
    const char* copied = ImGui::GetClipboardText();
    return copied && is_link(copied) && link_from_text(copied).image == 4;
  }));
}

TEST_F(Story, At5_00ClosingAsksWhatBecomesOfTheRun) {
  window_->close();
  turns(6);
  picture("5-00");
  EXPECT_EQ(window_->leave(), panels::Leave::undecided);
  hand("key Escape");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(window_->turn(0.02));  // it stays
}

}  // namespace
}  // namespace moescope
