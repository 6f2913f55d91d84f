// Checkpoints: parts, sums, and the rolling one that is never missing.
#include "sessions/checkpoints.h"

#include <gmock/gmock.h>

#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointsTest : public StoreTest {
 protected:
  CheckpointsTest() : store_(open_writer()), writer_(store_), run_(writer_.begin_run(a_start())) {}
  std::vector<int64_t> steps() const {
    std::vector<int64_t> found;
    for (const auto& info : list_checkpoints(store_.database(), run_)) found.push_back(info.step);
    return found;
  }
  int64_t store_in_parts(const CheckpointTaken& checkpoint, size_t part_bytes) const {
    Transaction transaction(store_.database());
    const int64_t id = store_checkpoint(store_.database(), run_, checkpoint, part_bytes);
    transaction.commit();
    return id;
  }

  /// The batch's large checkpoint is staged; then what follows fails, once.
  void fail_once(const std::vector<Event>& batch) {
    store_.database().execute(
        "CREATE TEMP TRIGGER fault BEFORE INSERT ON metrics_data BEGIN SELECT RAISE(ABORT, 'fault'); END");
    store_error([&] { writer_.write(batch); });
    store_.database().execute("DROP TRIGGER fault");
  }

  SessionStore store_;
  RunWriter writer_;
  int64_t run_;
};

TEST_F(CheckpointsTest, BytesComeBackWhateverTheNumberOfParts) {
  for (const size_t size : {size_t{1}, size_t{999}, size_t{1000}, size_t{1001}, size_t{5000}}) {
    const CheckpointTaken taken = a_checkpoint(static_cast<int64_t>(size), size, false);
    const int64_t id = store_in_parts(taken, 1000);
    EXPECT_EQ(load_checkpoint(store_.database(), id), *taken.bytes) << size;
    // 1000 bytes a part: 1, 1, 1, 2 and 5 of them
    EXPECT_EQ(
        store_.database().integer("SELECT count(*) FROM checkpoint_parts WHERE checkpoint_id = " + std::to_string(id)),
        static_cast<int64_t>((size + 999) / 1000));
  }
}

TEST_F(CheckpointsTest, OnlyRollingOnesAreReplaced) {
  const std::vector<Event> events = {a_checkpoint(1, 100), a_checkpoint(2, 100, false), a_checkpoint(3, 100),
                                     a_checkpoint(4, 100)};
  writer_.write(events);
  EXPECT_THAT(steps(), ElementsAre(2, 4));
  EXPECT_EQ(store_.database().integer("SELECT count(*) FROM checkpoint_parts"), 2);  // the parts went with them
}

TEST_F(CheckpointsTest, AnotherRunsRollingOneStays) {
  const std::vector<Event> events = {a_checkpoint(1, 100), a_start("another"), a_checkpoint(2, 100)};
  writer_.write(events);
  EXPECT_THAT(steps(), ElementsAre(1));
}

TEST_F(CheckpointsTest, TheOldRollingOneStaysWhenTheNewOneFindsNoRoom) {
  const std::vector<Event> first = {a_checkpoint(1, 100)};
  writer_.write(first);
  store_.database().execute("PRAGMA max_page_count = 1");
  const std::vector<Event> second = {a_checkpoint(2, size_t{1} << 20)};
  EXPECT_EQ(store_error([&] { writer_.write(second); }).problem, StoreProblem::full);
  EXPECT_THAT(steps(), ElementsAre(1));
  EXPECT_EQ(load_checkpoint(store_.database(), 1).size(), 100u);
}

TEST_F(CheckpointsTest, ARingKeepsWhatFitsSpreadOverTheRun) {
  for (int64_t step = 0; step <= 40; ++step) {
    CheckpointTaken taken = a_checkpoint(step, 100);
    taken.ring_bytes = 500;
    writer_.write(std::vector<Event>{taken});
    const std::vector<int64_t> kept = steps();
    ASSERT_LE(kept.size(), 5u);
    EXPECT_EQ(kept.front(), 0);
    EXPECT_EQ(kept.back(), step);
    // No gap is more than twice the mean one, once there is something to choose from.
    for (size_t i = 1; step >= 5 && i < kept.size(); ++i) EXPECT_LE(kept[i] - kept[i - 1], 2 * (step / 4 + 1)) << step;
  }
  CheckpointTaken last = a_checkpoint(50, 100);  // the budget was lowered to nothing
  writer_.write(std::vector<Event>{last});
  EXPECT_THAT(steps(), ElementsAre(50));
}

TEST_F(CheckpointsTest, ALargeOneDoesNotPassThroughTheLogAsAWhole) {
  constexpr size_t kSize = size_t{24} << 20;
  writer_.write(std::vector<Event>{a_checkpoint(1, kSize)});
  writer_.write(std::vector<Event>{a_checkpoint(2, kSize)});
  EXPECT_THAT(steps(), ElementsAre(2));
  EXPECT_EQ(load_checkpoint(store_.database(), list_checkpoints(store_.database(), run_)[0].checkpoint_id),
            some_bytes(kSize, 2));
  // A part of 4 MiB and SQLite's own 4 MB before it carries the log over, twice for what comes between.
  EXPECT_LE(std::filesystem::file_size(path_.string() + "-wal"), size_t{12} << 20);
}

TEST_F(CheckpointsTest, OneThatIsOnlyHalfWrittenDoesNotCountAndIsRemoved) {
  writer_.write(std::vector<Event>{a_checkpoint(1, 100)});
  stage_checkpoint(store_.database(), run_, a_checkpoint(2, 3000), 1000);
  EXPECT_THAT(steps(), ElementsAre(1));
  EXPECT_EQ(RunReader(store_).load_summary(run_).num_checkpoints, 1);
  const RunWriter next(store_);  // of the process after the one that was killed
  EXPECT_EQ(store_.database().integer("SELECT count(*) FROM checkpoints"), 1);
  EXPECT_EQ(store_.database().integer("SELECT count(*) FROM checkpoint_parts"), 1);
}

TEST_F(CheckpointsTest, WhatAnotherRunsWriterHasHalfWrittenIsNotItsToRemove) {
  constexpr size_t kSize = size_t{9} << 20;
  writer_.write(std::vector<Event>{a_checkpoint(1, 100)});
  RunWriter other(store_);
  other.begin_run(a_start("another"));
  const int64_t half = stage_checkpoint(store_.database(), run_, a_checkpoint(2, 3000), 1000);
  other.write(std::vector<Event>{a_checkpoint(3, kSize)});
  const Transaction transaction(store_.database());
  EXPECT_TRUE(finish_checkpoint(store_.database(), run_, half, a_checkpoint(2, 3000)));
  EXPECT_FALSE(finish_checkpoint(store_.database(), run_, half + 100, a_checkpoint(2, 3000)));
}

TEST_F(CheckpointsTest, AStagedOneThatIsGoneIsWrittenAsAWhole) {
  constexpr size_t kSize = size_t{9} << 20;
  const std::vector<Event> batch = {a_checkpoint(1, kSize), a_step(1, 1)};
  fail_once(batch);
  store_.database().execute("DELETE FROM checkpoints");
  writer_.write(batch);
  EXPECT_THAT(steps(), ElementsAre(1));
}

TEST_F(CheckpointsTest, AFailedBatchComesAgainWithItsLargeCheckpoint) {
  constexpr size_t kSize = size_t{9} << 20;
  const std::vector<Event> batch = {a_checkpoint(1, kSize), a_step(1, 1)};
  fail_once(batch);
  EXPECT_TRUE(steps().empty());
  writer_.write(batch);
  EXPECT_THAT(steps(), ElementsAre(1));
  EXPECT_EQ(store_.database().integer("SELECT count(*) FROM checkpoints"), 1);
  EXPECT_EQ(load_checkpoint(store_.database(), list_checkpoints(store_.database(), run_)[0].checkpoint_id),
            some_bytes(kSize, 1));
}

TEST_F(CheckpointsTest, AnAlteredByteAndALostPartAreNoticed) {
  const int64_t id = store_in_parts(a_checkpoint(1, 3000, false), 1000);
  const Database& database = store_.database();
  database.execute("UPDATE checkpoint_parts SET bytes = zeroblob(1000) WHERE part = 1");
  StoreError error = store_error([&] { load_checkpoint(database, id); });
  EXPECT_EQ(error.problem, StoreProblem::damaged);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("checkpoint 1 (run 1, step 1) is damaged in part 1"), HasSubstr("has no earlier one")));
  const int64_t later = store_in_parts(a_checkpoint(5, 3000), 1000);
  database.execute("UPDATE checkpoint_parts SET bytes = zeroblob(1000) WHERE checkpoint_id = " + std::to_string(later));
  EXPECT_THAT(store_error([&] { load_checkpoint(database, later); }).what(),
              HasSubstr("`moescope train --branch 1@1` begins a new run at step 1"));
  database.execute("DELETE FROM checkpoint_parts WHERE part > 0");
  error = store_error([&] { load_checkpoint(database, id); });
  EXPECT_THAT(error.what(), HasSubstr("1000 of 3000 bytes"));
  EXPECT_EQ(store_error([&] { load_checkpoint(database, 77); }).problem, StoreProblem::missing);
}

TEST_F(CheckpointsTest, TheSumIsZlibs) {
  // The check value of CRC-32 (ISO 3309, "123456789") is cbf43926.
  const std::string text = "123456789";
  EXPECT_EQ(crc32_of(std::as_bytes(std::span(text.data(), text.size()))), 0xcbf43926u);
}

}  // namespace
}  // namespace moescope
