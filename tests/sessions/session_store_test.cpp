// Opening a store: every way in which the file or its neighbours can be wrong has its own sentence.
#include "sessions/session_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sessions/migrations.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;

class SessionStoreTest : public StoreTest {
 protected:
  StoreError error_of(SessionStore::Access access) const {
    return store_error([&] { const SessionStore store(path_, access); });
  }
  void write_file(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  /// A store with one run of some pages, closed.
  void make_store() const {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    const std::vector<Event> events = {a_start(), a_step(1, 2), a_checkpoint(1, 100'000)};
    writer.write(events);
  }
};

TEST_F(SessionStoreTest, ANewFileGetsThePresentSchema) {
  const SessionStore store = open_writer();
  EXPECT_TRUE(store.writable());
  EXPECT_EQ(schema_version(store.database()), static_cast<int64_t>(schema_steps().size()));
  EXPECT_TRUE(store.backup().empty());
  Statement mode(store.database(), "PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), "wal");
  EXPECT_EQ(store.database().integer("PRAGMA synchronous"), 1);  // NORMAL
  EXPECT_EQ(store.database().integer("PRAGMA foreign_keys"), 1);
}

TEST_F(SessionStoreTest, AMissingFileIsMadeForWritingOnly) {
  const StoreError error = error_of(SessionStore::Access::read);
  EXPECT_EQ(error.problem, StoreProblem::missing);
  EXPECT_THAT(error.what(), HasSubstr(path_.string()));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SessionStoreTest, AMissingFolderIsNamed) {
  path_ = folder_ / "none" / "runs.db";
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    const StoreError error = error_of(access);
    EXPECT_EQ(error.problem, StoreProblem::missing);
    EXPECT_THAT(error.what(), HasSubstr((folder_ / "none").string()));
  }
}

TEST_F(SessionStoreTest, ANameWithoutAFolderMeansThisFolder) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(path_.parent_path());
  {
    const SessionStore store("plain.db", SessionStore::Access::write);
    EXPECT_EQ(store.path(), std::filesystem::canonical(path_.parent_path()) / "plain.db");
  }
  std::filesystem::current_path(before);
}

TEST_F(SessionStoreTest, AFolderIsNoStore) {
  path_ = folder_;
  EXPECT_EQ(error_of(SessionStore::Access::write).problem, StoreProblem::not_a_store);
}

TEST_F(SessionStoreTest, AnEmptyFileCannotBeReadButMayBecomeAStore) {
  write_file("");
  EXPECT_EQ(error_of(SessionStore::Access::read).problem, StoreProblem::not_a_store);
  EXPECT_NO_THROW(open_writer());
}

TEST_F(SessionStoreTest, AnotherKindOfFileIsRefusedAndLeftAsItWas) {
  const std::string text =
      "# a text of somebody's, long enough that SQLite looks for its header in it\n" + std::string(2000, 'x');
  write_file(text);
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    const StoreError error = error_of(access);
    EXPECT_EQ(error.problem, StoreProblem::not_a_store);
    EXPECT_FALSE(error.retryable());
  }
  std::ifstream file(path_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);  // no lock, no log beside it
}

TEST_F(SessionStoreTest, AnotherProgramsDatabaseIsRefused) {
  Database(path_, Database::Mode::create).execute("CREATE TABLE bookmarks (url TEXT)");
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    const StoreError error = error_of(access);
    EXPECT_EQ(error.problem, StoreProblem::not_a_store);
    EXPECT_THAT(error.what(), HasSubstr("another program"));
  }
}

TEST_F(SessionStoreTest, ANewerSchemaIsRefusedWithBothVersions) {
  make_store();
  Database(path_, Database::Mode::write).execute("PRAGMA user_version = 99");
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    const StoreError error = error_of(access);
    EXPECT_EQ(error.problem, StoreProblem::newer);
    EXPECT_THAT(error.what(), HasSubstr("schema 99"));
    EXPECT_THAT(error.what(), HasSubstr("knows " + std::to_string(schema_steps().size())));
    EXPECT_THAT(error.what(), HasSubstr("update moescope"));
  }
}

TEST_F(SessionStoreTest, ATruncatedFileIsCalledDamaged) {
  make_store();
  const auto size = std::filesystem::file_size(path_);
  ASSERT_GT(size, 100'000u);
  std::filesystem::resize_file(path_, size / 2);
  for (const auto access : {SessionStore::Access::read, SessionStore::Access::write}) {
    const StoreError error = error_of(access);
    EXPECT_EQ(error.problem, StoreProblem::damaged);
    EXPECT_THAT(error.what(), HasSubstr("`sqlite3 FILE .recover`"));
  }
  std::filesystem::resize_file(path_, 50);  // half a header
  EXPECT_EQ(error_of(SessionStore::Access::read).problem, StoreProblem::damaged);
}

TEST_F(SessionStoreTest, OneWritesAndTheOthersReadAndKnowWhoWrites) {
  const SessionStore writer = open_writer();
  const StoreError error = error_of(SessionStore::Access::write);
  EXPECT_EQ(error.problem, StoreProblem::locked);
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(getpid()) + " on "));

  const SessionStore second(path_, SessionStore::Access::read);
  EXPECT_FALSE(second.writable());
  EXPECT_EQ(RunReader(second).count_runs(), 0);
  EXPECT_EQ(store_error([&] { second.database().execute("DELETE FROM runs"); }).problem, StoreProblem::denied);
}

TEST_F(SessionStoreTest, ALinkToAStoreIsTheSameStore) {
  const SessionStore writer = open_writer();
  std::filesystem::create_symlink(path_, folder_ / "link.db");
  EXPECT_EQ(store_error([&] { const SessionStore store(folder_ / "link.db", SessionStore::Access::write); }).problem,
            StoreProblem::locked);
}

TEST_F(SessionStoreTest, TheLockEndsWithItsStoreAndWithItsProcess) {
  { const SessionStore store = open_writer(); }
  EXPECT_FALSE(WriterLock::holder(path_).has_value());
  EXPECT_FALSE(std::filesystem::exists(path_.string() + "-writer"));

  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const SessionStore store = open_writer();
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  const auto holder = WriterLock::holder(path_);
  ASSERT_TRUE(holder.has_value());
  EXPECT_EQ(holder->pid, child);
  EXPECT_THAT(error_of(SessionStore::Access::write).what(), HasSubstr("process " + std::to_string(child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(WriterLock::holder(path_).has_value());
  EXPECT_NO_THROW(open_writer());  // no stale lock to remove by hand
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SessionStoreTest, ReadersSeeWhatIsCommittedWhileAnotherWrites) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  const SessionStore reading = open_reader();
  const RunReader reader(reading);
  EXPECT_EQ(reader.count_runs(), 1);
  const std::vector<Event> events = {a_step(1, 2)};
  writer.write(events);
  EXPECT_EQ(reader.load_metrics(run, "train/loss").values.size(), 1u);
  const Transaction open(store.database());
  EXPECT_EQ(reader.load_metrics(run, "train/loss").values.size(),
            1u);  // a transaction in progress does not make it wait
}

/// Does something as a user who may write nowhere, in a process of its own; returns its exit status.
template <class Action>
int as_nobody(Action&& action) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(99);
    _exit(action());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

TEST_F(SessionStoreTest, AStoreOnAReadOnlyMediumCanBeReadAndNotWritten) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody who may not write";
  make_store();
  ASSERT_EQ(chmod(folder_.c_str(), 0555), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  EXPECT_EQ(as_nobody([&] {
              const SessionStore store = open_reader();
              return RunReader(store).load_metrics(1, "train/loss").values.size() == 1 ? 0 : 1;
            }),
            0);
  EXPECT_EQ(as_nobody([&] { return error_of(SessionStore::Access::write).problem == StoreProblem::denied ? 0 : 1; }),
            0);
  ASSERT_EQ(chmod(path_.c_str(), 0000), 0);
  EXPECT_EQ(as_nobody([&] { return error_of(SessionStore::Access::read).problem == StoreProblem::denied ? 0 : 1; }), 0);
}

}  // namespace
}  // namespace moescope
