// The storyboard at 4:00 and 4:30, walked in a real window over a real store: compare two runs, take a figure along.
// MOESCOPE_PICTURES=FOLDER keeps a picture of each step, in both themes and two sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ui_three_runs.h"

namespace moescope {
namespace {

class CompareStory : public demo::ThreeRunsWindow {
 protected:
  ComparePage& page() { return window_->workspace().compare(); }
  bool has_table() { return has_rows(3); }
  /// The wish, once the page has answered it.
  bool has_pair(int64_t a, int64_t b) {
    return until(
        [&] { return page().pair() && page().pair()->request.a.run_id == a && page().pair()->request.b.run_id == b; });
  }
};

TEST_F(CompareStory, At4_00TwoRunsAreChosenAndTheSameImageStandsLeftAndRight) {
  hand("key F3");
  ASSERT_TRUE(has_table());
  hand("key x");
  ASSERT_TRUE(until([&] { return page().table().chosen().size() == 1; }));
  hand("key k");
  hand("key k");
  hand("key x");
  ASSERT_TRUE(until([&] { return page().table().chosen().size() == 2; }));
  ASSERT_TRUE(until([&] { return page().comparison() && page().comparison()->labels.size() == 2; }));
  // Only what differs: k, the capacity factor, the seed; and no setting that is the same.
  std::vector<std::string> settings;
  for (const ComparedValue& value : page().comparison()->settings) settings.push_back(value.name);
  EXPECT_THAT(settings, testing::UnorderedElementsAre("router.k", "router.capacity_factor", "train.seed"));
  picture("4-00-curves");
  hand("key v");
  picture("4-00-compute");
  hand("key v");
  ASSERT_TRUE(has_pair(3, 1));
  EXPECT_EQ(page().pair()->refusal, "");
  ASSERT_EQ(page().pair()->layers.size(), 1u);
  picture("4-00-images");
  hand("keydown shift");
  ASSERT_TRUE(until([&] { return page().pair_selection().swapped; }));
  picture("4-00-blink");
  hand("keyup shift");
  ASSERT_TRUE(until([&] { return !page().pair_selection().swapped; }));
  hand("key bracketright");
  ASSERT_TRUE(until([&] { return page().pair() && page().pair()->request.image.test_index == 1; }));
  hand("key w");
  ASSERT_TRUE(until([&] { return page().pair_selection().mode == panels::PairMode::split; }));
  picture("4-00-split");
  hand("key w");
  picture("4-00-difference");
}

TEST_F(CompareStory, OfOneRunTheCheckpointsOnViewAreThoseThatWereChosen) {
  hand("key F3");
  ASSERT_TRUE(has_table());
  page().table().choose_only({{3, -1}});
  page().open(CompareView::images);
  const auto shows = [&](int64_t a, int64_t b) {
    window_->draw_now();  // nobody has touched the window
    return until([&, a, b] {
      return page().pair() && page().pair()->request.a.step == a && page().pair()->request.b.step == b;
    });
  };
  ASSERT_TRUE(shows(0, -1)) << "its first beside its last";
  page().look_through(-1, 8);
  EXPECT_TRUE(shows(0, 8)) << "the other side stays where it is";
  page().look_through(8, 8);
  EXPECT_TRUE(shows(8, 8));
}

TEST_F(CompareStory, BeforeARunIsChosenTheCurveIsThatOfTheRowWhereTheKeysStand) {
  hand("key F3");
  ASSERT_TRUE(has_table());
  const auto shows = [&](const char* run) {
    return until([&, run] { return page().runs_of_figure(CompareView::curves) == std::vector<std::string>{run}; });
  };
  ASSERT_TRUE(shows("3"));
  hand("key k");
  EXPECT_TRUE(shows("2"));
  hand("key k");
  hand("key x");
  EXPECT_TRUE(shows("1"));
  hand("key j");  // a chosen run stays
  turns(5, 0.03);
  EXPECT_EQ(page().runs_of_figure(CompareView::curves), std::vector<std::string>{"1"});
}

TEST_F(CompareStory, At4_30CtrlEWritesTheFigureAndItRebuilds) {
  hand("key F3");
  ASSERT_TRUE(has_table());
  for (const char* key : {"x", "k", "x", "k", "x"}) hand(std::string("key ") + key);
  ASSERT_TRUE(until([&] { return page().table().chosen().size() == 3; }));
  // Seeds of one experiment are one curve: two colours for three runs.
  ASSERT_TRUE(until([&] { return page().comparison() && page().comparison()->colors.size() == 3; }));
  EXPECT_THAT(page().comparison()->colors, testing::ElementsAre(0, 1, 1));
  hand("key ctrl+e");
  const std::filesystem::path svg = temp_.path() / "figures" / "figure-1.svg";
  ASSERT_TRUE(until([&] { return clipboard() == svg.string(); }));
  EXPECT_TRUE(std::filesystem::exists(svg));
  picture("4-30");
  const Outcome rebuilt = run_program({"figure", "rebuild", "1", "--check", "--store", store_});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.out;
}

TEST_F(CompareStory, ADeletedRunComesBack) {
  hand("key F3");
  ASSERT_TRUE(has_table());
  hand("key Delete");
  ASSERT_TRUE(until([&] { return page().shown_table()->rows.size() == 2; }));
  hand("key ctrl+z");
  ASSERT_TRUE(has_table());
}

TEST_F(CompareStory, NoTextIsCutInEitherThemeAtTheSizesThatWePromise) {
  for (const bool dark : {true, false}) {
    for (const auto& [width, height] : {std::pair{1600, 900}, {1280, 800}}) {
      open(width, height, dark);
      page().table().choose_only({{3, -1}, {2, -1}, {1, -1}});
      window_->workspace().open(ui::Key::f3);
      for (const CompareView view : {CompareView::curves, CompareView::compute, CompareView::images}) {
        const bool images = view == CompareView::images;
        if (images) page().table().choose_only({{3, -1}, {1, -1}});
        page().open(view);
        window_->draw_now();  // a window that nobody touches draws nothing by itself
        ASSERT_TRUE(has_table());
        window_->draw_now();
        ASSERT_TRUE(!images || has_pair(3, 1));
        turns(12, 0.03);
        ui::look().cut_texts = 0;
        window_->draw_now();
        EXPECT_EQ(ui::look().cut_texts, 0) << width << " view " << static_cast<int>(view);
        picture("compare-" + std::to_string(static_cast<int>(view)) + (dark ? "-dark-" : "-light-") +
                std::to_string(width));
      }
    }
  }
}

}  // namespace
}  // namespace moescope
