// The strip of background jobs.
#include "widgets/panels/jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ui_stage.h"

namespace moescope {
namespace {

using panels::Job;
using testing::ElementsAre;

std::shared_ptr<const Report> report(int64_t id, Question question, ReportState state, double progress = 0) {
  auto made = std::make_shared<Report>();
  made->request.id = id;
  made->request.question = std::move(question);
  made->state = state;
  made->progress = progress;
  made->eta_secs = state == ReportState::working ? 12 : -1;
  return made;
}

TEST(Jobs, TheRunsOwnComesFirstThenThoseAtWorkThenThoseInLine) {
  Snapshot snapshot;
  snapshot.job = "evaluating 62 %";
  const std::vector<std::shared_ptr<const Report>> reports = {
      report(1, AskAffinity{}, ReportState::waiting), report(2, AskMistakes{}, ReportState::working, 0.34),
      report(3, AskPurity{}, ReportState::done, 1), report(4, AskCoactivation{}, ReportState::cancelled)};
  panels::Seen seen;
  seen.snapshot = &snapshot;
  seen.reports = reports;
  std::vector<std::string> lines;
  for (const Job& job : panels::jobs_of(seen)) lines.push_back(job_line(job));
  EXPECT_THAT(lines, ElementsAre("evaluating 62 %", "mistakes 34 %, 12 s left", "experts by class, waiting"));
}

TEST(Jobs, AClickCancelsTheOneOnView) {
  demo::Stage stage;
  std::optional<int64_t> cancelled;
  std::vector<Job> jobs = {{.text = "mistakes", .share = 0.5, .eta_secs = 3, .report_id = 7}, {.text = "purity"}};
  stage.show([&] {
    if (const auto id = panels::draw_jobs({100, 100, 500, 26}, jobs)) cancelled = id;
  });
  stage.click(580, 113);
  EXPECT_EQ(cancelled, 7);
  cancelled.reset();
  jobs = {{.text = "evaluating 62 %", .share = 0.62}};  // ends by itself
  stage.click(580, 113);
  EXPECT_FALSE(cancelled);
}

}  // namespace
}  // namespace moescope
