// Real faults: a disk that is full, bytes that flip, a clock that goes backwards. Nothing stored before is lost, and
// what happened is said.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "sessions/check.h"
#include "sessions/checkpoints.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class FaultsTest : public StoreTest {
 protected:
  static std::vector<Event> batch(int64_t number) {
    std::vector<Event> events;
    for (int64_t i = 1; i <= 10; ++i) events.emplace_back(a_step(10 * number + i, 1));
    events.emplace_back(a_checkpoint(10 * number + 10, 200'000, false));
    return events;
  }
};

/// A disk of a few MiB, in memory.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& at) : at_(at.string()) {
    std::filesystem::create_directories(at);
    mounted_ = mount("none", at_.c_str(), "tmpfs", 0, "size=2m") == 0;
    if (!mounted_) error_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  const std::string& error() const { return error_; }
  void grow() const { mount("none", at_.c_str(), "tmpfs", MS_REMOUNT, "size=32m"); }

 private:
  std::string at_, error_;
  bool mounted_ = false;
};

TEST_F(FaultsTest, AFullDiskKeepsWhatWasStoredAndTakesTheRestOnceThereIsRoom) {
  const SmallDisk disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "a small disk cannot be mounted here (" << disk.error() << "); this needs root";
  const std::filesystem::path path = folder_ / "disk/runs.db";
  const SessionStore store(path, SessionStore::Access::write);
  RunWriter writer(store);
  writer.begin_run(a_start());
  int64_t stored = 0;
  try {
    for (; stored < 100; ++stored) writer.write(batch(stored));
    FAIL() << "the disk never filled";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.problem, StoreProblem::full) << error.what();
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("free some space"));
  }
  ASSERT_GE(stored, 1);
  EXPECT_EQ(RunReader(store).load_summary(1).step, 10 * stored);
  EXPECT_EQ(static_cast<int64_t>(RunReader(store).load_metrics(1, "train/loss").steps.size()), 10 * stored);
  disk.grow();
  writer.write(batch(stored));
  EXPECT_EQ(RunReader(store).load_summary(1).step, 10 * stored + 10);
  EXPECT_THAT(check_store(path), IsEmpty());
}

TEST_F(FaultsTest, FlippedBytesAnywhereAreFoundOrHarmless) {
  {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    writer.begin_run(a_start());
    for (int64_t i = 0; i < 3; ++i) writer.write(batch(i));
    writer.sync();
  }
  std::ifstream file(path_, std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(file)), {});
  std::mt19937 random(7);
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    std::string damaged = sound;
    const size_t at = random() % damaged.size();
    for (size_t i = at; i < std::min(at + 16, damaged.size()); ++i) damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
    const std::filesystem::path copy = folder_ / ("damaged" + std::to_string(round) + ".db");
    std::ofstream(copy, std::ios::binary) << damaged;
    try {
      const auto findings = check_store(copy);
      if (!findings.empty()) ++found;
      const SessionStore store(copy, SessionStore::Access::read);
      const RunReader reader(store);
      for (const CheckpointInfo& info : list_checkpoints(store.database(), 1)) {
        // A checkpoint is whole or refused, never altered.
        try {
          EXPECT_EQ(load_checkpoint(store.database(), info.checkpoint_id),
                    some_bytes(200'000, static_cast<uint32_t>(info.step)));
        } catch (const StoreError& error) { EXPECT_FALSE(findings.empty()) << "byte " << at << ": " << error.what(); }
      }
    } catch (const StoreError& error) {
      ++found;
      EXPECT_THAT(error.what(), HasSubstr(copy.filename().string()));
    }
  }
  // Nine tenths of the file are checkpoints, whose every byte is summed.
  EXPECT_GE(found, 45);
}

TEST_F(FaultsTest, AClockThatGoesBackwardsMixesNothingUp) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  writer.begin_run(a_start());
  const double clock[] = {100, 200, 50, 60, -5};
  for (int64_t step = 1; step <= 5; ++step) {
    writer.write(
        std::vector<Event>{MetricsTaken{{{"train/loss", step, clock[step - 1], static_cast<double>(step)}}},
                           Evaluated{step, clock[step - 1], "test", 1, 0.1 * static_cast<double>(step), 1, ""}});
  }
  const RunReader reader(store);
  EXPECT_THAT(reader.load_metrics(1, "train/loss").values, testing::ElementsAre(1, 2, 3, 4, 5));  // by step
  const RunSummary summary = reader.load_summary(1);
  EXPECT_EQ(summary.step, 5);
  EXPECT_EQ(summary.wall_secs, 200);
  EXPECT_EQ(*summary.loss, 5);
  EXPECT_EQ(*summary.test_accuracy, 0.5);
  EXPECT_THAT(check_store(path_), IsEmpty());
  writer.resume_run(1, 3);
  writer.write(std::vector<Event>{a_start()});
  EXPECT_EQ(*reader.load_summary(1).loss, 3);
}

}  // namespace
}  // namespace moescope
