// Stored runs in words, and finding a run by what a person writes.
#include "app/runs/runs_report.h"

#include "app/runs/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/options/run_lookup.h"
#include "sessions/run_writer.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

/// A store with three runs: "soft" (1), "vmoe" (2), "soft" again (3).
class RunsReport : public testing::Test {
 protected:
  RunsReport() {
    const SessionStore store(folder_ / "runs.db", SessionStore::Access::write);
    for (const char* name : {"soft", "vmoe", "soft"}) {
      RunStarted start;
      start.config.name = name;
      if (std::string(name) == "vmoe") start.config.router.kind = RouterKind::tokens_choice;
      start.num_parameters = 1234567;
      RunWriter writer(store);
      writer.begin_run(start);
      writer.write(std::vector<Event>{CommandApplied{10, 1, "router.k", "1", "2"},
                                      Evaluated{20, 2, "test", 100, 0.875, 0.5, ""}});
    }
  }

  const TempFolder temp_;
  fs::path folder_ = temp_.path();
};

TEST_F(RunsReport, FindsARunByNumberNameOrAge) {
  const SessionStore store(folder_ / "runs.db", SessionStore::Access::read);
  const RunReader reader(store);
  EXPECT_EQ(find_run(reader, "2"), 2);
  EXPECT_EQ(find_run(reader, "soft"), 3);  // the latest of that name
  EXPECT_EQ(find_run(reader, "latest"), 3);
  EXPECT_THROW(find_run(reader, "9"), UserError);
  try {
    find_run(reader, "vmeo");
    FAIL() << "an unknown name was found";
  } catch (const UserError& error) { EXPECT_THAT(error.what(), HasSubstr("did you mean 'vmoe'?")); }
}

TEST_F(RunsReport, ShowsARun) {
  const SessionStore store(folder_ / "runs.db", SessionStore::Access::read);
  const StoredRun run = RunReader(store).load_run(2);
  const std::string report = run_report(run, false);
  EXPECT_THAT(report, AllOf(HasSubstr("2 vmoe"), HasSubstr("0.8750 at step 20"),
                            HasSubstr("router.kind = tokens_choice"), HasSubstr("step 10: router.k 1 -> 2")));
  EXPECT_THAT(report, Not(HasSubstr("model.width")));  // as by default
  EXPECT_THAT(run_report(run, true), HasSubstr("model.width = 128"));
}

TEST_F(RunsReport, ComparesWhatDiffers) {
  const SessionStore store(folder_ / "runs.db", SessionStore::Access::read);
  const RunReader reader(store);
  const std::string table = comparison_table(compared_runs(reader, {{1, -1}, {2, -1}})).csv();
  EXPECT_THAT(table, AllOf(HasSubstr("what,1 soft,2 vmoe"), HasSubstr("router.kind,soft,tokens_choice"),
                           HasSubstr("test accuracy,0.8750,0.8750")));
  EXPECT_THAT(table, Not(HasSubstr("model.width")));
  EXPECT_THAT(runs_table(reader.list_runs()).csv(), HasSubstr("2,vmoe,"));
}

}  // namespace
