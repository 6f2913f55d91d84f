// `moescope runs ...` as a person meets it, on a store that needs no training.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sessions/run_reader.h"
#include "sessions/run_writer.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Runs 1 to 4, seeds 1 and 2 of "soft" and of "vmoe", with accuracies 0.5, 0.7, 0.6 and 0.9.
class CliRuns : public testing::Test {
 protected:
  CliRuns() {
    const SessionStore store(store_, SessionStore::Access::write);
    const double accuracies[] = {0.5, 0.7, 0.6, 0.9};
    for (int64_t i = 0; i < 4; ++i) {
      RunStarted start;
      start.config.name = i < 2 ? "soft" : "vmoe";
      start.config.router.kind = i < 2 ? RouterKind::soft : RouterKind::tokens_choice;
      start.config.train.seed = i % 2 + 1;
      RunWriter(store).write(std::vector<Event>{start, Evaluated{20, 2, "test", 100, accuracies[i], 0.5, ""},
                                                StateChanged{20, 2, RunState::finished, ""}});
    }
  }
  Outcome runs(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "runs");
    arguments.insert(arguments.end(), {"--store", store_});
    return run_program(arguments);
  }
  std::string csv(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "csv"});
    const Outcome outcome = runs(std::move(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(CliRuns, ListsWhatIsAskedForInTheOrderAskedFor) {
  EXPECT_EQ(csv({"list", "--columns", "run,train.seed,test_accuracy", "--where", "router.kind = 'soft'"}),
            "run,train.seed,test_accuracy\n2,2,0.7\n1,1,0.5\n");
  EXPECT_EQ(csv({"list", "--columns", "run", "--sort", "test_accuracy", "--ascending"}), "run\n1\n3\n2\n4\n");
  const Outcome wrong = runs({"list", "--where", "test_acuracy > 1"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'test_accuracy'?"));
}

TEST_F(CliRuns, GroupsOverSeeds) {
  // Two runs a group: a resampled mean is the lesser value, the mean or the greater one, so the interval spans both.
  EXPECT_EQ(csv({"list", "--group", "router.kind"}),
            "router.kind,runs,mean test_accuracy,95 % from,to,best run\nsoft,2,0.6000,0.5000,0.7000,2\n"
            "tokens_choice,2,0.7500,0.6000,0.9000,4\n");
}

TEST_F(CliRuns, CuratesAndForgives) {
  ASSERT_EQ(runs({"tag", "paper", "1", "4"}).status, 0);
  ASSERT_EQ(runs({"star", "4"}).status, 0);
  ASSERT_EQ(runs({"rename", "4", "best so far"}).status, 0);
  ASSERT_EQ(runs({"note", "4", "the one to show", "--step", "20"}).status, 0);
  EXPECT_EQ(csv({"list", "--tag", "paper", "--columns", "run,name,starred,num_notes"}),
            "run,name,starred,num_notes\n4,best so far,1,1\n1,soft,0,0\n");
  EXPECT_THAT(runs({"show", "4"}).out, HasSubstr("step 20: the one to show"));
  ASSERT_EQ(runs({"archive", "3"}).status, 0);
  EXPECT_THAT(csv({"list"}), Not(HasSubstr("3,vmoe")));
  EXPECT_THAT(csv({"list", "--archived"}), HasSubstr("3,vmoe"));

  ASSERT_EQ(runs({"trash", "1", "2"}).status, 0);
  EXPECT_EQ(csv({"list", "--columns", "run"}), "run\n4\n");
  EXPECT_THAT(runs({"undo"}).out, AllOf(HasSubstr("run 1"), HasSubstr("run 2")));
  EXPECT_EQ(csv({"list", "--columns", "run"}), "run\n4\n2\n1\n");
  ASSERT_EQ(runs({"trash", "2"}).status, 0);
  EXPECT_THAT(runs({"empty-trash"}).out, HasSubstr("1 run removed"));
  EXPECT_EQ(runs({"show", "2"}).status, 2);
  EXPECT_EQ(runs({"tag", "two words", "1"}).status, 2);
}

TEST_F(CliRuns, AnswersQuestionsInSql) {
  EXPECT_EQ(csv({"query", "SELECT router, max(test_accuracy) AS best FROM run_summaries GROUP BY router ORDER BY 1"}),
            "router,best\nsoft,0.7\ntokens_choice,0.9\n");
  const Outcome change = runs({"query", "DELETE FROM runs"});
  EXPECT_EQ(change.status, 2);
  EXPECT_THAT(change.err, HasSubstr("only SELECT"));
}

}  // namespace
