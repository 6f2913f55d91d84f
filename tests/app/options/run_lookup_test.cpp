// What people write for a run, found in a store where models, agents and imported runs stand side by side.
#include "app/options/run_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sessions/run_edits.h"
#include "sessions/run_writer.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

class RunLookup : public testing::Test {
 protected:
  int64_t add(const std::string& name, bool agent = false) {
    RunStarted start;
    start.config.name = name;
    if (agent) start.further_params = {{"rl.game", "breakout"}};
    RunWriter writer(store_);
    const int64_t run_id = writer.begin_run(start);
    writer.write(std::vector<Event>{StateChanged{0, 0, RunState::finished, ""}});
    return run_id;
  }
  std::string refusal(const std::string& asked, RunKind kind) {
    try {
      find_run(reader_, asked, kind);
    } catch (const UserError& error) { return error.what(); }
    return "";
  }

  const TempFolder temp_;
  const SessionStore store_{temp_ / "runs.db", SessionStore::Access::write};
  const RunReader reader_{store_};
};

TEST_F(RunLookup, LatestIsTheLatestOfWhatTheCommandIsFor) {
  EXPECT_THAT(refusal("latest", RunKind::any), testing::HasSubstr("no runs yet"));
  const int64_t agent = add("plays", true);
  EXPECT_THAT(refusal("latest", RunKind::model), testing::HasSubstr("`moescope train`"));
  const int64_t model = add("sees"), later_model = add("sees");
  EXPECT_EQ(find_run(reader_, "latest"), later_model);
  EXPECT_EQ(find_run(reader_, "latest", RunKind::agent), agent);
  EXPECT_EQ(find_run(reader_, "moescope://run/latest", RunKind::model), later_model);
  RunEditor(store_).mark(std::vector{later_model}, RunMark::trashed, true);
  EXPECT_EQ(find_run(reader_, "latest", RunKind::model), model);
  RunEditor(store_).mark(std::vector{agent}, RunMark::trashed, true);
  EXPECT_THAT(refusal("latest", RunKind::agent), testing::HasSubstr("`moescope rl train`"));
}

TEST_F(RunLookup, NamesAndNumbersFindRunsOfEveryKind) {
  const int64_t agent = add("plays", true), first = add("sees"), second = add("sees");
  EXPECT_EQ(find_run(reader_, "plays", RunKind::model), agent);
  EXPECT_EQ(find_run(reader_, std::to_string(first)), first);
  EXPECT_EQ(find_run(reader_, "sees"), second);
  EXPECT_THAT(refusal("seas", RunKind::any), testing::HasSubstr("did you mean 'sees'"));
}

}  // namespace
}  // namespace moescope
