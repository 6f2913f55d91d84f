// The Findings page in a real window over a real store: it says what the command says, and follows the store.
// MOESCOPE_PICTURES=FOLDER keeps pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/doors/findings_reader.h"
#include "app/doors/session_browser.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/ui_demo_run.h"
#include "support/ui_real_window.h"

namespace moescope {
namespace {

class FindingsStory : public demo::RealWindow {
 protected:
  void open() {
    reader_ = std::make_unique<FindingsReader>(store_, temp_.path() / "reports");
    run_.advance(60);
    WindowOptions options;
    options.scale = 1;
    browser_ = std::make_unique<SessionBrowser>(store_, temp_.path() / "figures", MOESCOPE_PROGRAM);
    window_ = std::make_unique<Window>(options, run_, browser_.get(), reader_.get());
    turns(4, 0.01);
    hand("key F6");
    ASSERT_TRUE(until([&] { return page().findings() != nullptr; }));
  }
  void TearDown() override {
    RealWindow::TearDown();
    reader_.reset();
    browser_.reset();
  }
  void run_recipe(const std::string& name) {
    const Outcome outcome = run_program({"recipe", "run", name, "--budget", "quick", "--store", store_});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }
  FindingsPage& page() { return window_->workspace().findings(); }
  const FindingLook& look(const std::string& name) {
    for (const FindingLook& one : page().findings()->recipes)
      if (one.name == name) return one;
    throw std::runtime_error("no recipe " + name);
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
  demo::DemoRun run_{RouterKind::tokens_choice};
  std::unique_ptr<FindingsReader> reader_;
  std::unique_ptr<SessionBrowser> browser_;
};

TEST_F(FindingsStory, WithoutAStoreEveryClaimSaysHowItIsRun) {
  open();
  EXPECT_GE(page().findings()->recipes.size(), 15u);
  EXPECT_EQ(page().findings()->refusal, "");
  ASSERT_NE(page().chosen(), nullptr);
  EXPECT_FALSE(page().chosen()->verdict);
  picture("findings-none");
}

TEST_F(FindingsStory, AKeyRunsTheClaimInTheBackgroundAndThePageFollows) {
  open();
  ASSERT_EQ(page().findings()->recipes.at(2).name, "proof-inputs");  // after R0 and R1
  hand("key k");
  hand("key k");
  ASSERT_TRUE(until([&] { return page().chosen()->name == "proof-inputs"; }));
  EXPECT_FALSE(page().chosen()->verdict);
  picture("findings-not-run");
  hand("key r");
  // Run after run, as they are stored.
  ASSERT_TRUE(until([&] { return page().chosen()->progress == "9 of 9 (quick)"; }));
  EXPECT_EQ(*page().chosen()->verdict, Verdict::reproduced);
  EXPECT_TRUE(until([&] { return window_->workspace().compare().jobs().empty(); }));
}

TEST_F(FindingsStory, TheNormIsLearntAnewUnderTheHand) {
  open();
  hand("key k");
  ASSERT_TRUE(until([&] { return page().chosen()->name == "norm-function"; }));
  const auto fitted = [&](int64_t experts) {
    return until([&] {
      const NormPicture* shown = page().refitted();
      return shown && shown->ask.experts == experts && shown->step == shown->steps;
    });
  };
  hand("key bracketright");
  ASSERT_TRUE(fitted(2));
  const double with_two = page().refitted()->loss;
  picture("findings-by-hand");
  hand("key bracketright");
  hand("key bracketright");  // the fit of 5 is given up for that of 10
  ASSERT_TRUE(fitted(10));
  EXPECT_LT(page().refitted()->loss, with_two);
}

TEST_F(FindingsStory, AVerdictComesWhileThePageIsOpenAndIsTheCommands) {
  run_recipe("norm-function");  // so that the store is there when the page opens
  open();
  ASSERT_TRUE(look("norm-function").verdict);
  EXPECT_FALSE(look("proof-inputs").verdict);
  run_recipe("proof-inputs");
  ASSERT_TRUE(until([&] { return look("proof-inputs").verdict.has_value(); }));
  hand("key k");
  hand("key k");
  ASSERT_TRUE(until([&] { return page().chosen()->name == "proof-inputs"; }));
  picture("findings-proof-inputs");
  hand("key j");
  ASSERT_TRUE(until([&] { return page().chosen()->name == "norm-function"; }));
  picture("findings-norm-function");
  const ui::Rect small = page().figure_area();
  ASSERT_GT(small.h, 0);
  hand("key m");
  ASSERT_TRUE(until([&] { return page().figure_area().h > 1.5f * small.h; }));
  picture("findings-norm-function-large");
  hand("key m");
  ASSERT_TRUE(until([&] { return page().figure_area().h == small.h; }));
  const Outcome said = run_program({"recipe", "report", "norm-function", "--store", store_, "--to", temp_ / "there"});
  ASSERT_EQ(said.status, 0) << said.err;
  const FindingLook& shown = *page().chosen();
  const std::string verdict = verdict_name(*shown.verdict) + (shown.why.empty() ? "" : ": " + shown.why);
  EXPECT_THAT(said.out, testing::HasSubstr("\n" + verdict + "\n"));
  hand("key ctrl+e");
  const std::filesystem::path file = temp_.path() / "reports" / "norm-function.md";
  ASSERT_TRUE(until([&] { return std::filesystem::exists(file) && page().chosen(); }));
}

}  // namespace
}  // namespace moescope
