// Sweeps and twins begun in a real window: what they cost is said before, a process of its own trains them into the
// very store that the window looks at, and then they stand side by side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sessions/check.h"
#include "sessions/run_reader.h"
#include "support/ui_three_runs.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The settings of tests/support/tiny_training.h, as a person writes them.
std::string tiny_settings() {
  std::string text;
  const std::vector<std::string> arguments = tiny_training("", "");
  for (size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i] == "--set") text += (text.empty() ? "" : " ") + arguments[i + 1];
  return text;
}

class ExperimentsStory : public demo::ThreeRunsWindow {
 protected:
  ComparePage& page() { return window_->workspace().compare(); }
  ExperimentSheet& sheet() { return page().experiments(); }
  void open_sheet(ExperimentAsk::Kind kind) {
    hand("key F3");
    ASSERT_TRUE(has_rows(3));
    hand("key plus");
    ASSERT_TRUE(until([&] { return sheet().is_open(); }));
    sheet().kind = static_cast<int>(kind);
    sheet().settings = tiny_settings();
    window_->draw_now();
  }
  bool planned() {
    window_->draw_now();
    return until([&] { return sheet().plan() && sheet().plan()->ask == sheet().asked(); });
  }
  /// The button in the sheet's lower right corner: 680 by 660 in the middle of 1600 by 900.
  void press_start() { click(1600 / 2 + 680 / 2 - 100, 900 / 2 + 660 / 2 - 40); }
  std::vector<int64_t> chosen() {
    std::vector<int64_t> runs;
    for (const RunMoment& run : page().table().chosen()) runs.push_back(run.run_id);
    return runs;
  }
};

TEST_F(ExperimentsStory, ASweepSaysWhatItCostsRunsInTheBackgroundAndIsChosen) {
  open_sheet(ExperimentAsk::Kind::sweep);
  sheet().axes[0] = "router.num_experts=2,4";
  sheet().seeds = "0,1";
  sheet().stop = "steps=banana";
  ASSERT_TRUE(planned());
  EXPECT_THAT(sheet().plan()->refusal, HasSubstr("steps"));
  sheet().stop = "steps=6";
  ASSERT_TRUE(planned());
  EXPECT_EQ(sheet().plan()->refusal, "");
  EXPECT_THAT(sheet().plan()->cost, HasSubstr("4 runs; 24 steps"));
  EXPECT_THAT(sheet().plan()->cost, HasSubstr("at the speed of run 3"));
  EXPECT_EQ(sheet().plan()->runs.size(), 4u);
  picture("sweep-sheet");
  press_start();
  ASSERT_TRUE(until([&] { return !page().jobs().empty(); }));
  EXPECT_FALSE(sheet().is_open());
  EXPECT_THAT(page().jobs().front().title, HasSubstr("sweep 'sweep'"));
  picture("sweep-runs");
  ASSERT_TRUE(until([&] { return page().jobs().empty(); }));
  EXPECT_THAT(chosen(), ElementsAre(4, 5, 6, 7));
  ASSERT_TRUE(has_rows(7));
  page().open(CompareView::settings);
  ASSERT_TRUE(until([&] { return page().comparison() && page().comparison()->labels.size() == 4; }));
  picture("sweep-done");
  EXPECT_THAT(check_store(store_), IsEmpty());
  // The same once more: all of it is done, and the sheet says so.
  hand("key plus");
  ASSERT_TRUE(until([&] { return sheet().is_open(); }));
  sheet().stop = "steps=6,seconds=900";
  ASSERT_TRUE(planned());
  EXPECT_EQ(sheet().plan()->cost, "4 runs, all of them done");
}

TEST_F(ExperimentsStory, TwinsStandSideBySideOnTheSameImage) {
  open_sheet(ExperimentAsk::Kind::twins);
  sheet().stop = "steps=6";
  ASSERT_TRUE(planned());
  EXPECT_THAT(sheet().plan()->runs, ElementsAre("vmoe-s", "default"));
  EXPECT_THAT(sheet().plan()->cost, HasSubstr("2 runs; 12 steps"));
  picture("twins-sheet");
  press_start();
  ASSERT_TRUE(until([&] { return !page().jobs().empty(); }));
  ASSERT_TRUE(until([&] { return page().jobs().empty(); }));
  EXPECT_THAT(chosen(), ElementsAre(4, 5));
  page().open(CompareView::images);
  window_->draw_now();
  ASSERT_TRUE(until([&] { return page().pair() && page().pair()->request.b.run_id == 5; }));
  EXPECT_EQ(page().pair()->refusal, "");
  picture("twins-done");
}

TEST_F(ExperimentsStory, ACancelledSweepIsSavedAndGoesOnWhereItStopped) {
  open_sheet(ExperimentAsk::Kind::sweep);
  sheet().axes[0] = "router.k=1";
  sheet().stop = "steps=100000";
  const auto start_and_cancel = [&] {
    ASSERT_TRUE(planned());
    press_start();
    ASSERT_TRUE(until([&] { return !page().jobs().empty() && page().jobs().front().share > 0; }));
    browser_->cancel(page().jobs().front().job_id);
    ASSERT_TRUE(until([&] { return page().jobs().empty(); }));
  };
  const auto run_4 = [&] { return RunReader(SessionStore(store_, SessionStore::Access::read)).load_summary(4); };
  start_and_cancel();
  EXPECT_EQ(run_4().message, "stopped by request");
  const int64_t reached = run_4().step;
  EXPECT_GT(reached, 0);
  hand("key plus");  // the sheet still holds what was asked
  ASSERT_TRUE(until([&] { return sheet().is_open(); }));
  start_and_cancel();
  EXPECT_GT(run_4().step, reached);
  EXPECT_EQ(RunReader(SessionStore(store_, SessionStore::Access::read)).list_runs({}).size(), 4u) << "no new run";
}

}  // namespace
}  // namespace moescope
