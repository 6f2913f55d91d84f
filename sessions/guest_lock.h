// Programs that write to a store beside its writer, because the writer started them: SQLite lets one transaction at a
// time through, and each has a run of its own.
//
// A guest holds a shared lock on "runs.db-guests" (fcntl, open file description), which the system frees when it dies.
// A new writer asks for guests before it takes runs that it finds running for lost ones.
#pragma once

#include <filesystem>

namespace moescope {

class GuestLock {
 public:
  /// Throws StoreError (locked) when another program than the parent of this one writes to the store, and (denied) when
  /// the lock's file cannot be made.
  explicit GuestLock(const std::filesystem::path& store);
  ~GuestLock();
  GuestLock(GuestLock&& other) noexcept;
  GuestLock& operator=(GuestLock&&) = delete;

  /// Whether somebody writes to this store as a guest now.
  static bool any(const std::filesystem::path& store);

 private:
  int descriptor_ = -1;
};

}  // namespace moescope
