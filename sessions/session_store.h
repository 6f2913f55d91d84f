// The door to a store: opens the file, takes or respects the writer's lock, brings the schema up to date.
//
// One connection, for one thread at a time. run_writer.h and run_reader.h say what can be done with it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sessions/database.h"
#include "sessions/guest_lock.h"
#include "sessions/writer_lock.h"

namespace moescope {

class SessionStore {
 public:
  enum class Access { read, write, edit, beside };

  /// read: the file must exist; others may write to it meanwhile. write: made when missing; StoreError (locked) naming
  /// the holder when another program writes to it. Both: an older schema is upgraded first (see backup()); a newer one,
  /// a foreign file and a damaged one are StoreErrors.
  /// edit: for short changes by a person (a star, a tag, the trash), beside a program that records: SQLite lets one
  /// transaction at a time through. The file must exist.
  /// beside: as write, for a program that the writer started: it takes no writer's lock. StoreError (locked) when
  /// another program holds that.
  SessionStore(const std::filesystem::path& path, Access access);

  bool writable() const { return lock_.has_value() || guest_.has_value(); }
  bool is_guest() const { return guest_.has_value(); }  // opened beside the writer
  /// The copy that was made before an upgrade; empty when there was none.
  const std::filesystem::path& backup() const { return backup_; }
  const std::filesystem::path& path() const { return database_->path(); }
  const Database& database() const { return *database_; }

 private:
  void open_for_writing(const std::filesystem::path& path, bool beside);
  void open_for_reading(const std::filesystem::path& path);
  void open_for_editing(const std::filesystem::path& path);

  std::optional<GuestLock> guest_;
  std::optional<WriterLock> lock_;  // before the database, so that it is freed after the connection has closed
  std::optional<Database> database_;
  std::filesystem::path backup_;
};

}  // namespace moescope
