// Opening a store, with each way in which that can fail.
#include "sessions/session_store.h"

#include <unistd.h>

#include "sessions/migrations.h"

namespace moescope {
namespace {

/// Links followed, so that two names of one store share one lock. Its folder must exist.
std::filesystem::path real_path(const std::filesystem::path& path) {
  if (path.empty()) throw StoreError(StoreProblem::missing, path, "the name is empty; name a file");
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw StoreError(StoreProblem::not_a_store, path, "this is a folder; name a file in it");
  }
  const std::filesystem::path real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) throw StoreError(StoreProblem::denied, path, "cannot be reached (" + error.message() + ")");
  if (!std::filesystem::is_directory(real.parent_path(), error)) {
    throw StoreError(StoreProblem::missing, path,
                     "its folder " + real.parent_path().string() + " does not exist; make it first");
  }
  return real;
}

void require_file(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (error) throw StoreError(StoreProblem::denied, path, "cannot be reached (" + error.message() + ")");
  if (!exists)
    throw StoreError(StoreProblem::missing, path, "there is no such file; check the path or train a run first");
  if (std::filesystem::file_size(path, error) == 0) {
    throw StoreError(StoreProblem::not_a_store, path, "the file is empty; check the path or train a run first");
  }
}

/// A medium nobody writes to has no log to read: SQLite may then skip the shared memory that it could not create.
Database::Mode reading_mode(const std::filesystem::path& path) {
  const bool log = std::filesystem::exists(path.string() + "-wal");
  const bool folder_writable = access(path.parent_path().c_str(), W_OK) == 0;
  return log || folder_writable ? Database::Mode::read : Database::Mode::immutable;
}

}  // namespace

SessionStore::SessionStore(const std::filesystem::path& path, Access access) {
  const std::filesystem::path real = real_path(path);
  switch (access) {
    case Access::write: open_for_writing(real, false); break;
    case Access::beside: open_for_writing(real, true); break;
    case Access::read: open_for_reading(real); break;
    case Access::edit: open_for_editing(real); break;
  }
}

void SessionStore::open_for_writing(const std::filesystem::path& path, bool beside) {
  // Look before touching anything: a foreign or newer file must not even get a lock file beside it.
  if (std::filesystem::exists(path) && std::filesystem::file_size(path) > 0) {
    refuse_newer_schema(Database(path, reading_mode(path)), schema_steps());
  }
  if (beside)
    guest_.emplace(path);
  else
    lock_.emplace(path);
  database_.emplace(path, Database::Mode::create);
  database_->execute("PRAGMA journal_mode = WAL");
  database_->execute("PRAGMA synchronous = NORMAL");  // a commit survives kill -9; sync() makes it survive the power
  database_->execute("PRAGMA journal_size_limit = 67108864");  // else the log stays as large as the largest transaction
  // Debian's SQLite fills deleted pages with zeros: each checkpoint that is replaced would be written once more.
  database_->execute("PRAGMA secure_delete = FAST");
  database_->execute("PRAGMA cache_size = -16384");  // 16 MiB: the last page of each series stays in memory
  backup_ = upgrade_schema(*database_, schema_steps());
}

void SessionStore::open_for_reading(const std::filesystem::path& path) {
  require_file(path);
  const auto steps = schema_steps();
  database_.emplace(path, reading_mode(path));
  refuse_newer_schema(*database_, steps);
  const int64_t version = schema_version(*database_);
  if (version == static_cast<int64_t>(steps.size())) return;
  // Readers know only the present schema, so somebody must upgrade first: this process, if nobody writes.
  database_.reset();
  try {
    SessionStore upgraded(path, Access::write);
    backup_ = upgraded.backup_;
  } catch (const StoreError& error) {
    throw StoreError(error.problem, path,
                     "its schema " + std::to_string(version) +
                         " is older than this program's and must be upgraded first, but " + error.what() +
                         "; or copy it to a folder of your own and open the copy");
  }
  database_.emplace(path, reading_mode(path));
}

void SessionStore::open_for_editing(const std::filesystem::path& path) {
  open_for_reading(path);  // with all its checks, and the upgrade
  database_.emplace(path, Database::Mode::write);
  database_->execute("PRAGMA secure_delete = FAST");
}

}  // namespace moescope
