// SQLite by RAII: a connection, a prepared statement, a transaction. Nothing here knows what a run is.
//
// A connection and its statements belong to one thread at a time. Every failure is a StoreError.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sessions/store_error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace moescope {

class Database;

/// A prepared statement. Parameters count from 1 and columns from 0, as in SQLite.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, int value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, bool value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, double value);  // NaN becomes NULL; infinities stay
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  /// The bytes must outlive the next reset(): they are not copied, a checkpoint may be large.
  Statement& bind(int index, std::span<const std::byte> value);
  Statement& bind(int index, std::nullptr_t);

  /// Binds 1, 2, ... in order.
  template <class... Values>
  Statement& bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  /// Binds, executes to the end and makes ready for the next time.
  template <class... Values>
  void run(const Values&... values) {
    bind_all(values...);
    while (step()) {}
    reset();
  }

  /// Goes to the next row; false at the end.
  bool step();
  /// Back to before the first row; forgets the parameters.
  void reset();

  /// Is there something behind the first statement of the SQL given?
  bool has_tail() const { return has_tail_; }
  int num_columns() const;
  std::string column_name(int column) const;
  bool is_null(int column) const;
  bool is_blob(int column) const;
  bool is_real(int column) const;
  bool is_text(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;  // NULL reads as NaN
  std::string text(int column) const;
  std::span<const std::byte> blob(int column) const;  // valid until the next step() or reset()

 private:
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool has_tail_ = false;
};

/// A connection.
class Database {
 public:
  enum class Mode {
    read,       // the file must exist
    write,      // the file must exist
    create,     // made when missing
    immutable,  // for a medium that nobody can write to: no locks, no -shm file
  };
  Database(std::filesystem::path path, Mode mode);

  /// Runs statements that return nothing, separated by semicolons.
  void execute(std::string_view sql) const;
  /// The first column of the first row, 0 when there is none.
  int64_t integer(std::string_view sql) const;
  int64_t last_insert_id() const;
  int64_t num_changes() const;
  bool in_transaction() const;
  /// From now on this connection answers SELECTs and refuses everything else, files it could make included.
  void allow_only_select() const;
  /// From now on no text, blob or row of this connection may be larger: StoreError (too_large).
  void limit_value_bytes(int64_t bytes) const;
  const std::filesystem::path& path() const { return path_; }

  /// The sentence for SQLite's last error on this connection.
  [[noreturn]] void fail(int code, std::string_view while_doing) const;

 private:
  friend class Statement;
  friend class TimeLimit;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Everything between construction and commit() happens, or nothing. Takes the writer's place at once (BEGIN
/// IMMEDIATE), so that a busy store is noticed before any work is done.
class Transaction {
 public:
  explicit Transaction(const Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

/// While it lives, a statement of the connection that is still at work after `secs` ends in StoreError (too_slow).
class TimeLimit {
 public:
  TimeLimit(const Database& database, double secs);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  const Database& database_;
  std::chrono::steady_clock::time_point end_;
};

/// Many reads that must see the same state: other processes may write meanwhile, this sees none of it.
class ReadSnapshot {
 public:
  explicit ReadSnapshot(const Database& database);
  ~ReadSnapshot();
  ReadSnapshot(const ReadSnapshot&) = delete;
  ReadSnapshot& operator=(const ReadSnapshot&) = delete;

 private:
  const Database& database_;
  bool own_;  // false inside another one
};

}  // namespace moescope
