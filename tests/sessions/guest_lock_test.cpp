// A program that the writer started writes beside it; nobody else does, and nobody takes its run for a lost one.
#include "sessions/guest_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sessions/run_reader.h"
#include "sessions/run_writer.h"
#include "sessions/store_error.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;

/// What `task` returns in a process of its own, whose parent is this one.
template <class Task>
int in_a_child(Task&& task) {
  const pid_t child = fork();
  if (child == 0) _exit(task());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int begin_run_beside(const std::string& path) {
  try {
    const SessionStore store(path, SessionStore::Access::beside);
    RunWriter writer(store);
    writer.begin_run({});
    return static_cast<int>(writer.run_id());
  } catch (const StoreError& error) { return error.problem == StoreProblem::locked ? 100 : 101; }
}

TEST(GuestLock, AChildOfTheWriterWritesBesideIt) {
  const TempFolder temp;
  const std::string path = temp / "runs.db";
  const SessionStore store(path, SessionStore::Access::write);
  RunWriter writer(store);
  EXPECT_EQ(writer.begin_run({}), 1);
  EXPECT_EQ(in_a_child([&] { return begin_run_beside(path); }), 2);
  EXPECT_EQ(RunReader(store).list_runs().size(), 2u);
}

TEST(GuestLock, TheWriterItselfMayWriteBesideItself) {
  // A window that records its run and trains an agent, too.
  const TempFolder temp;
  const std::string path = temp / "runs.db";
  const SessionStore store(path, SessionStore::Access::write);
  RunWriter writer(store);
  EXPECT_EQ(writer.begin_run({}), 1);
  EXPECT_EQ(begin_run_beside(path), 2);
}

TEST(GuestLock, WhoWasNotStartedByTheWriterIsRefused) {
  const TempFolder temp;
  const std::string path = temp / "runs.db";
  const SessionStore store(path, SessionStore::Access::write);
  // A grandchild: its parent does not hold the lock.
  EXPECT_EQ(in_a_child([&] { return in_a_child([&] { return begin_run_beside(path); }); }), 100);
  EXPECT_EQ(RunReader(store).list_runs().size(), 0u);
}

TEST(GuestLock, AGuestsRunIsNotTakenForALostOne) {
  const TempFolder temp;
  const std::string path = temp / "runs.db";
  { const SessionStore made(path, SessionStore::Access::write); }
  const SessionStore guest(path, SessionStore::Access::beside);
  RunWriter guest_writer(guest);
  guest_writer.begin_run({});
  EXPECT_TRUE(GuestLock::any(path));
  {
    const SessionStore store(path, SessionStore::Access::write);
    RunWriter writer(store);
    EXPECT_FALSE(RunReader(store).load_summary(1).interrupted);
  }
  const SessionStore reading(path, SessionStore::Access::read);
  EXPECT_FALSE(RunReader(reading).load_summary(1).interrupted);  // the writer is gone, the guest is not
}

TEST(GuestLock, OnceTheGuestIsGoneItsRunIsLost) {
  const TempFolder temp;
  const std::string path = temp / "runs.db";
  { const SessionStore made(path, SessionStore::Access::write); }
  EXPECT_EQ(in_a_child([&] { return begin_run_beside(path); }), 1);
  EXPECT_FALSE(GuestLock::any(path));
  const SessionStore store(path, SessionStore::Access::write);
  RunWriter writer(store);
  EXPECT_TRUE(RunReader(store).load_summary(1).interrupted);
}

}  // namespace
