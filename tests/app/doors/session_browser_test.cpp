// The store behind the window: questions, edits and jobs on threads of their own, and what another process writes.
#include "app/doors/session_browser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sessions/run_writer.h"
#include "support/await.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Browser : public testing::Test {
 protected:
  void open() {
    browser_ = std::make_unique<SessionBrowser>(store_, temp_.path() / "figures", MOESCOPE_PROGRAM);
    browser_->set_waker(await_.wake());
  }
  void write_run(const std::string& name, double accuracy) const {
    const SessionStore store(store_, SessionStore::Access::write);
    RunStarted start;
    start.config.name = name;
    start.gflops_per_image = 0.25;
    RunWriter(store).write(std::vector<Event>{start, MetricsTaken{{{"train/loss", 1, 1, 2}, {"train/loss", 2, 2, 1}}},
                                              Evaluated{2, 2, "test", 1, accuracy, 1, ""}});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const RunTableRow& row : table_->rows) found.push_back(row.summary.name);
    return found;
  }
  bool table_has(size_t rows) {
    return await_.until([&] {
      browser_->take_table(table_);
      return table_ && table_->rows.size() == rows;
    });
  }
  bool notice_with(const std::string& words) {
    return await_.until([&] {
      for (SessionNotice& notice : browser_->drain_notices()) notices_ += notice.text + "\n";
      return notices_.find(words) != std::string::npos;
    });
  }
  SessionJob end_of_job() {
    SessionJob ended;
    EXPECT_TRUE(await_.until([&] {
      for (const SessionJob& job : browser_->take_jobs()) ended = job;
      return !ended.result.empty();
    }));
    return ended;
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db", notices_;
  Await await_;
  std::unique_ptr<SessionBrowser> browser_;
  std::shared_ptr<const RunTable> table_;
};

TEST_F(Browser, AStoreThatComesLaterIsSeenWhenItIsThere) {
  open();
  browser_->show_table({}, 0, 10);
  ASSERT_TRUE(await_.until([&] { return browser_->take_table(table_); }));
  EXPECT_EQ(table_->refusal, "no run has been stored yet");
  write_run("first", 0.5);
  browser_->show_table({}, 0, 10);
  EXPECT_TRUE(table_has(1));
}

TEST_F(Browser, WhatAnotherProcessWritesAppearsByItself) {
  write_run("first", 0.5);
  open();
  browser_->show_table({}, 0, 10);
  ASSERT_TRUE(table_has(1));
  write_run("second", 0.6);
  EXPECT_TRUE(table_has(2));
  EXPECT_THAT(names(), ElementsAre("second", "first"));
}

TEST_F(Browser, EditsAndTheirUndoShowInTheTable) {
  write_run("first", 0.5);
  open();
  browser_->show_table({}, 0, 10);
  ASSERT_TRUE(table_has(1));
  browser_->edit({RunEdit::What::rename, {1}, "renamed"});
  browser_->edit({RunEdit::What::trash, {1}, {}});
  ASSERT_TRUE(table_has(0));
  browser_->edit({RunEdit::What::undo, {}, {}});
  ASSERT_TRUE(table_has(1));
  EXPECT_THAT(names(), ElementsAre("renamed"));
  EXPECT_TRUE(notice_with("trashed_at is nothing again"));
  browser_->edit({RunEdit::What::tag, {1}, "two words"});
  EXPECT_TRUE(notice_with("cannot be a tag"));
}

TEST_F(Browser, AComparisonSaysWhatDiffers) {
  write_run("first", 0.5);
  write_run("second", 0.6);
  open();
  browser_->compare({{1, -1}, {2, 1}});
  std::shared_ptr<const RunComparison> comparison;
  ASSERT_TRUE(await_.until([&] { return browser_->take_comparison(comparison); }));
  EXPECT_THAT(comparison->labels, ElementsAre("1 first", "2 second at step 1"));
  EXPECT_THAT(comparison->settings, IsEmpty());
  EXPECT_THAT(comparison->metric_keys, ElementsAre("train/loss"));
  browser_->compare({{1, -1}, {9, -1}});
  ASSERT_TRUE(await_.until([&] { return browser_->take_comparison(comparison); }));
  EXPECT_THAT(comparison->refusal, HasSubstr("9"));
}

TEST_F(Browser, ASavedFigureIsTheOneOnViewAndCanBeMadeAgain) {
  write_run("first", 0.5);
  open();
  FigureSpec spec;
  spec.kind = "curves";
  spec.runs = {"1"};
  browser_->draw({7, spec});
  std::shared_ptr<const FigureAnswer> drawn;
  ASSERT_TRUE(await_.until([&] { return (drawn = browser_->take_figure(7)) != nullptr; }));
  EXPECT_EQ(browser_->take_figure(7), nullptr);  // once
  const auto& line = std::get<figure::Line>(drawn->scene.panels.at(0).marks.at(0));
  EXPECT_THAT(line.y, ElementsAre(2, 1));
  browser_->save_figure(spec);
  ASSERT_TRUE(notice_with("figure 1: "));
  const std::string svg = browser_->take_written_path();
  EXPECT_EQ(svg, (temp_.path() / "figures" / "figure-1.svg").string());
  for (const char* ending : {"svg", "pdf", "png", "csv", "json", "tex"})
    EXPECT_TRUE(std::filesystem::exists(temp_.path() / "figures" / (std::string("figure-1.") + ending))) << ending;
  EXPECT_EQ(run_program({"figure", "rebuild", "1", "--check", "--store", store_}).status, 0);
  spec.runs = {"9"};
  browser_->save_figure(spec);
  EXPECT_TRUE(notice_with("the figure was not saved: "));
}

TEST_F(Browser, AReportIsWrittenWithItsPictures) {
  write_run("first", 0.5);
  write_run("second", 0.6);
  open();
  browser_->save_report({{1, -1}, {2, -1}});
  ASSERT_TRUE(notice_with("report: "));
  std::ifstream file(browser_->take_written_path());
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(page, HasSubstr("1 first, 2 second"));
  EXPECT_THAT(page, HasSubstr("<img"));
  EXPECT_TRUE(std::filesystem::exists(temp_.path() / "figures" / "compare-1-2.md"));
}

TEST_F(Browser, AReplayTellsItsProgressAndItsOutcome) {
  std::vector<std::string> arguments = tiny_training("train", store_);
  arguments.insert(arguments.end(), {"--stop", "steps=6"});
  ASSERT_EQ(run_program(arguments).status, 0);
  open();
  browser_->replay(1);
  const SessionJob ended = end_of_job();
  EXPECT_EQ(ended.state, SessionJob::State::done) << ended.result;
  EXPECT_THAT(ended.result, HasSubstr("steps 1 to 6 done again"));
  EXPECT_THAT(ended.result, HasSubstr("all the same to the last bit"));
  EXPECT_THAT(browser_->take_jobs(), IsEmpty());
  browser_->replay(9);
  EXPECT_EQ(end_of_job().state, SessionJob::State::failed);
}

TEST_F(Browser, AReplayThatIsCancelledEnds) {
  std::vector<std::string> arguments = tiny_training("train", store_);
  arguments.insert(arguments.end(), {"--stop", "steps=6"});
  ASSERT_EQ(run_program(arguments).status, 0);
  open();
  browser_->replay(1);
  browser_->cancel(1);
  EXPECT_EQ(end_of_job().state, SessionJob::State::cancelled);
}

}  // namespace
