// Who writes to a store: an advisory lock on a file beside it, which the system frees when its holder dies.
//
// The lock is on "runs.db-writer" (fcntl, open file description) rather than a row or a lock file's existence, so that
// kill -9 leaves nothing to clean up. It is not the database file itself: closing any descriptor of that one would drop
// SQLite's own locks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace moescope {

struct WriterInfo {
  int64_t pid = 0;  // 0: the holder has not written its name yet
  std::string host;
  std::string since;  // UTC, ISO 8601
};

/// "moescope (process 4711 on desk7) since 2026-01-02T03:04:05Z"
std::string describe(const WriterInfo& writer);

class WriterLock {
 public:
  /// Takes the lock at once or throws StoreError (locked) saying who holds it.
  explicit WriterLock(const std::filesystem::path& store);
  ~WriterLock();
  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&&) = delete;

  /// Who holds the lock of this store now; nothing when nobody does.
  static std::optional<WriterInfo> holder(const std::filesystem::path& store);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace moescope
