// SQLite by RAII, and the one place where its result codes become sentences.
#include "sessions/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

namespace moescope {
namespace {

constexpr int kBusyMs = 5000;  // how long to wait for another program's transaction

/// The path as a file: URI, for options that only a URI can carry.
std::string file_uri(const std::filesystem::path& path, std::string_view options) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    if (c == '?' || c == '#' || c == '%') {
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return uri.append("?").append(options);
}

bool no_room(int system_error) { return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG; }

struct Explanation {
  StoreProblem problem;
  std::string sentence;
};

Explanation explain(int code, const std::string& detail, int system_error) {
  const std::string system = system_error != 0 ? std::string(" (") + std::strerror(system_error) + ")" : "";
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {StoreProblem::locked, "another program has been writing to it for more than " +
                                        std::to_string(kBusyMs / 1000) + " s; close that program or try again"};
    case SQLITE_FULL: return {StoreProblem::full, "no room to write; free some space on its disk"};
    case SQLITE_IOERR:
      if (no_room(system_error)) {
        return {StoreProblem::full, "no room to write" + system + "; free some space on its disk"};
      }
      // SQLite knows ENOSPC by name; a quota and a size limit end here, mostly without a system error left to read.
      if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_TRUNCATE) {
        return {StoreProblem::full,
                "a write was refused" + system +
                    ", by a full disk, a quota or a limit on file sizes; free some space or lift it"};
      }
      return {StoreProblem::other, "reading or writing the file failed: " + detail + system + "; check the disk"};
    case SQLITE_CORRUPT:
      return {StoreProblem::damaged, "the file is damaged (" + detail +
                                         "); `sqlite3 FILE .recover` saves what can be saved, or put a copy back"};
    case SQLITE_NOTADB:
      return {StoreProblem::not_a_store, "this is not a moescope store (not an SQLite database); name another file"};
    case SQLITE_CANTOPEN:
      return {system_error == ENOENT ? StoreProblem::missing : StoreProblem::denied,
              "cannot be opened" + system + "; check the path and its permissions"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {StoreProblem::denied, "cannot be written to; check the permissions of the file and its folder"};
    case SQLITE_AUTH: return {StoreProblem::refused, "only SELECT can be asked here; this wants something else"};
    case SQLITE_TOOBIG: return {StoreProblem::too_large, "a value is larger than what may be asked for"};
    case SQLITE_INTERRUPT: return {StoreProblem::too_slow, "the query took longer than its time limit"};
    case SQLITE_ERROR: return {StoreProblem::refused, detail};
    default: return {StoreProblem::other, detail + system};
  }
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(std::filesystem::path path, Mode mode) : path_(std::move(path)) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == Mode::read || mode == Mode::immutable ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  if (mode == Mode::immutable) flags |= SQLITE_OPEN_URI;
  const std::string name = mode == Mode::immutable ? file_uri(path_, "immutable=1") : path_.string();
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code, "");
  sqlite3_busy_timeout(handle, kBusyMs);
  execute("PRAGMA foreign_keys = ON");
}

void Database::execute(std::string_view sql) const {
  const std::string text(sql);
  const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
}

int64_t Database::integer(std::string_view sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_.get()); }
int64_t Database::num_changes() const { return sqlite3_changes64(handle_.get()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void Database::allow_only_select() const {
  const auto judge = [](void*, int action, const char*, const char*, const char*, const char*) {
    const bool reads =
        action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE;
    return reads ? SQLITE_OK : SQLITE_DENY;
  };
  sqlite3_set_authorizer(handle_.get(), judge, nullptr);
}

void Database::limit_value_bytes(int64_t bytes) const {
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_LENGTH, static_cast<int>(std::min<int64_t>(bytes, INT32_MAX)));
}

TimeLimit::TimeLimit(const Database& database, double secs)
    : database_(database),
      end_(std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(secs))) {
  constexpr int kInstructions = 10000;  // of SQLite's machine between two looks at the clock: far below a millisecond
  const auto late = [](void* end) {
    return std::chrono::steady_clock::now() > *static_cast<std::chrono::steady_clock::time_point*>(end) ? 1 : 0;
  };
  sqlite3_progress_handler(database_.handle_.get(), kInstructions, late, &end_);
}
TimeLimit::~TimeLimit() { sqlite3_progress_handler(database_.handle_.get(), 0, nullptr, nullptr); }

void Database::fail(int code, std::string_view while_doing) const {
  sqlite3* handle = handle_.get();
  const std::string detail = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const int system_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  Explanation explanation = explain(code, detail, system_error);
  const bool of_interest = explanation.problem == StoreProblem::other || explanation.problem == StoreProblem::refused;
  if (of_interest && !while_doing.empty()) {
    explanation.sentence += " while doing: " + std::string(while_doing.substr(0, 200));
  }
  throw StoreError(explanation.problem, path_, explanation.sentence);
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(database.handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  statement_.reset(statement);
  has_tail_ = tail != nullptr && tail < sql.data() + sql.size();
  if (code != SQLITE_OK) database.fail(code, sql);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_->fail(code, sqlite3_sql(statement_.get()));
}

Statement& Statement::bind(int index, int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
  return *this;
}
Statement& Statement::bind(int index, double value) {
  if (std::isnan(value)) return bind(index, nullptr);
  check(sqlite3_bind_double(statement_.get(), index, value));
  return *this;
}
Statement& Statement::bind(int index, std::string_view value) {
  check(sqlite3_bind_text64(statement_.get(), index, value.data() != nullptr ? value.data() : "", value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind(int index, std::span<const std::byte> value) {
  static constexpr std::byte kNothing{};  // a null pointer would be bound as NULL, an empty blob is not NULL
  const std::byte* bytes = value.empty() ? &kNothing : value.data();
  check(sqlite3_bind_blob64(statement_.get(), index, bytes, value.size(), SQLITE_STATIC));
  return *this;
}
Statement& Statement::bind(int index, std::nullptr_t) {
  check(sqlite3_bind_null(statement_.get(), index));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  // Explain before resetting: reset may replace the connection's message and system error.
  try {
    database_->fail(code, sqlite3_sql(statement_.get()));
  } catch (const StoreError&) {
    reset();
    throw;
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

int Statement::num_columns() const { return sqlite3_column_count(statement_.get()); }
std::string Statement::column_name(int column) const { return sqlite3_column_name(statement_.get(), column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
bool Statement::is_blob(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB; }
bool Statement::is_real(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_FLOAT; }
bool Statement::is_text(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT; }
int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_.get(), column);
}
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text != nullptr ? std::string(text, sqlite3_column_bytes(statement_.get(), column)) : std::string();
}
std::span<const std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Transaction::Transaction(const Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
Transaction::~Transaction() {
  // SQLite has already rolled back by itself after some errors, a full disk among them.
  if (!open_ || !database_.in_transaction()) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const StoreError&) {
    // Nothing was committed, which is all that a rollback promises; the first error is on its way already.
  }
}
void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

ReadSnapshot::ReadSnapshot(const Database& database) : database_(database), own_(!database.in_transaction()) {
  if (own_) database_.execute("BEGIN");
}
ReadSnapshot::~ReadSnapshot() {
  if (!own_ || !database_.in_transaction()) return;
  try {
    database_.execute("COMMIT");
  } catch (const StoreError&) {
    // A read transaction has nothing to lose.
  }
}

}  // namespace moescope
