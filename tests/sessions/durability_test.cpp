// kill -9 in the middle of writing: the store opens, checks clean, and holds whole batches up to the last one
// announced. MOESCOPE_KILLS says how often.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "sessions/check.h"
#include "sessions/checkpoints.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::IsEmpty;

int kills_asked() {
  const char* asked = std::getenv("MOESCOPE_KILLS");
  return asked != nullptr ? std::atoi(asked) : 25;
}

/// What the writing process tells its parent, in memory that outlives it.
struct Progress {
  std::atomic<int64_t> batches_committed{0};
};

class DurabilityTest : public StoreTest {
 protected:
  DurabilityTest() {
    void* memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
    progress_ = new (memory) Progress;
  }
  ~DurabilityTest() override { munmap(progress_, sizeof(Progress)); }

  /// Batch b: the losses of steps 10 b + 1 .. 10 b + 10, and a rolling checkpoint of 10 b + 10.
  static std::vector<Event> batch(int64_t number) {
    std::vector<Event> events;
    for (int64_t i = 1; i <= 10; ++i) events.emplace_back(a_step(10 * number + i, 1));
    events.emplace_back(a_checkpoint(10 * number + 10, 30'000));
    return events;
  }

  /// Writes batches until it is killed. Resumes the run when there is one.
  [[noreturn]] void write_until_killed() const {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    const RunReader reader(store);
    int64_t next = 0;
    if (reader.count_runs() == 0) {
      writer.begin_run(a_start());
    } else {
      const auto last = reader.latest_checkpoint(1);
      next = last ? last->step / 10 : 0;
      writer.resume_run(1, next * 10);
    }
    for (;; ++next) {
      writer.write(batch(next));
      progress_->batches_committed = next + 1;
    }
  }

  void next_store() {
    path_ = folder_ / ("runs" + std::to_string(++stores_) + ".db");
    progress_->batches_committed = 0;
  }

  Progress* progress_ = nullptr;
  int stores_ = 0;
};

TEST_F(DurabilityTest, KillingTheWriterAtRandomMomentsLosesNothingThatWasCommitted) {
  std::mt19937 random(20240901);
  int killed_in_use = 0;
  for (int round = 0; round < kills_asked(); ++round) {
    const int64_t before = progress_->batches_committed;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed();
    // The moment: a random time after a random number of batches, so that opening, writing and log transfer are all
    // hit.
    const int64_t target = before + static_cast<int64_t>(random() % 12);
    int status = 0;
    while (progress_->batches_committed < target && waitpid(child, &status, WNOHANG) == 0) usleep(100);
    usleep(static_cast<useconds_t>(random() % 4000));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);  // keeps the status when the child has already been waited for
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself: " << status;
    const int64_t committed = progress_->batches_committed;
    if (committed > before) ++killed_in_use;
    if (committed == 0) continue;  // killed before the first run was stored

    ASSERT_THAT(check_store(path_), IsEmpty()) << "round " << round;
    const SessionStore store = open_reader();
    const RunReader reader(store);
    const auto checkpoint = reader.latest_checkpoint(1);
    ASSERT_TRUE(checkpoint.has_value());
    // One batch more may have been committed than the process lived to announce.
    EXPECT_GE(checkpoint->step, committed * 10);
    EXPECT_LE(checkpoint->step, committed * 10 + 10);
    EXPECT_EQ(load_checkpoint(store.database(), checkpoint->checkpoint_id),
              some_bytes(30'000, static_cast<uint32_t>(checkpoint->step)));
    EXPECT_EQ(list_checkpoints(store.database(), 1).size(), 1u);
    // Batches are whole and none is missing: exactly the steps up to the checkpoint.
    const MetricSeries losses = reader.load_metrics(1, "train/loss");
    ASSERT_EQ(static_cast<int64_t>(losses.steps.size()), checkpoint->step);
    EXPECT_EQ(losses.steps.front(), 1);
    EXPECT_EQ(losses.steps.back(), checkpoint->step);
    EXPECT_TRUE(reader.load_summary(1).interrupted);
    progress_->batches_committed = checkpoint->step / 10;
    if (round % 50 == 49) next_store();  // looking at it takes as long as the store is large
  }
  EXPECT_GE(killed_in_use, kills_asked() / 3);  // else the moments were badly chosen and the test proves little
}

TEST_F(DurabilityTest, TheLogDoesNotStayAsLargeAsTheLargestTransaction) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const std::vector<Event> events = {a_start(), a_checkpoint(1, size_t{100} << 20)};
  writer.write(events);
  writer.sync();
  const std::vector<Event> more = {a_step(2, 1)};  // the log starts over, and is cut then
  writer.write(more);
  EXPECT_LE(std::filesystem::file_size(path_.string() + "-wal"), size_t{64} << 20);
  EXPECT_EQ(store.database().integer("SELECT count(*) FROM checkpoint_parts"), 25);  // 4 MiB each
}

TEST_F(DurabilityTest, SyncCarriesTheLogIntoTheFile) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  writer.begin_run(a_start());
  writer.sync();
  // The file alone, as a power failure that lost the log would leave it.
  std::filesystem::copy_file(path_, folder_ / "alone.db");
  const SessionStore alone(folder_ / "alone.db", SessionStore::Access::read);
  EXPECT_EQ(RunReader(alone).count_runs(), 1);
}

}  // namespace
}  // namespace moescope
