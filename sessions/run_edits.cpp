// Each edit writes what was there before, so that undoing is writing it back.
#include "sessions/run_edits.h"

#include <vector>

#include "sessions/clock.h"

namespace moescope {
namespace {

constexpr const char* column_of(RunMark mark) {
  switch (mark) {
    case RunMark::starred: return "starred";
    case RunMark::archived: return "archived";
    case RunMark::trashed: return "trashed_at";
  }
  return "";
}

/// The columns of runs that edits may name: the list itself may have been written by anybody.
void require_column(const Database& database, const std::string& what) {
  for (const char* column : {"name", "starred", "archived", "trashed_at"}) {
    if (what == column) return;
  }
  throw StoreError(
      StoreProblem::damaged, database.path(),
      "an edit in it is about '" + what + "', which no edit of moescope can be; `moescope runs check` tells more");
}

/// What stands in a column of edits_data, whatever its type.
std::string quoted(const Statement& row, int column) {
  return row.is_null(column) ? "nothing" : "'" + row.text(column) + "'";
}

}  // namespace

/// One transaction of edits.
class RunEditor::Batch {
 public:
  explicit Batch(const Database& database)
      : database_(database),
        transaction_(database),
        number_(database.integer("SELECT coalesce(max(batch), 0) + 1 FROM edits_data")) {}

  /// Sets a column of a run to what the SQL text `value` says, ?1 in it being `argument`.
  void set(int64_t run_id, const std::string& column, const std::string& value, std::string_view argument) {
    Statement(database_,
              "INSERT INTO edits_data (batch, made_at, run_id, what, old_value, new_value) SELECT ?2, ?3, ?4, '" +
                  column + "', " + column + ", " + value + " FROM runs WHERE run_id = ?4 AND " + column + " IS NOT " +
                  value)
        .run(argument, number_, std::string_view(utc_now()), run_id);
    Statement(database_, "UPDATE runs SET " + column + " = " + value + " WHERE run_id = ?2").run(argument, run_id);
  }
  void tag(int64_t run_id, std::string_view tag, bool on) {
    Statement(database_,
              on ? "INSERT OR IGNORE INTO tags VALUES (?, ?)" : "DELETE FROM tags WHERE run_id = ? AND tag = ?")
        .run(run_id, tag);
    if (database_.num_changes() == 0) return;
    Statement log(
        database_,
        "INSERT INTO edits_data (batch, made_at, run_id, what, old_value, new_value) VALUES (?, ?, ?, 'tag', ?, ?)");
    log.bind_all(number_, std::string_view(utc_now()), run_id);
    log.bind(on ? 5 : 4, tag).step();
  }
  void commit() { transaction_.commit(); }

 private:
  const Database& database_;
  Transaction transaction_;
  int64_t number_;
};

RunEditor::RunEditor(const SessionStore& store) : store_(store), database_(store.database()) {}

void RunEditor::require_run(int64_t run_id) const {
  Statement find(database_, "SELECT 1 FROM runs WHERE run_id = ?");
  find.bind_all(run_id);
  if (find.step()) return;
  throw StoreError(StoreProblem::missing, database_.path(),
                   "there is no run " + std::to_string(run_id) + "; `moescope runs list` shows what there is");
}

/// Who may be recording the run: it is unfinished, and they write to the store. Empty: nobody.
std::string RunEditor::recorder_of(int64_t run_id) const {
  Statement unfinished(database_,
                       "SELECT 1 FROM runs WHERE run_id = ? AND state IN ('preparing', 'running', 'paused')");
  unfinished.bind_all(run_id);
  if (!unfinished.step()) return "";
  if (const std::optional<WriterInfo> holder = WriterLock::holder(store_.path())) return describe(*holder);
  return GuestLock::any(store_.path()) ? "a program that another one has started" : "";
}

void RunEditor::rename(int64_t run_id, const std::string& name) {
  if (name.empty()) throw UserError("a run needs a name; give one that is not empty");
  Batch batch(database_);
  require_run(run_id);
  batch.set(run_id, "name", "?1", name);
  batch.commit();
}

void RunEditor::mark(std::span<const int64_t> run_ids, RunMark mark, bool on) {
  Batch batch(database_);
  for (const int64_t run_id : run_ids) {
    require_run(run_id);
    if (mark == RunMark::trashed) {
      if (const std::string recorder = on ? recorder_of(run_id) : ""; !recorder.empty()) {
        throw UserError("run " + std::to_string(run_id) + " has not ended and may be recorded by " + recorder +
                        "; stop it, or close that program, before it goes to the trash");
      }
      // A run that is there already keeps its time.
      batch.set(run_id, column_of(mark), on ? "coalesce(trashed_at, ?1)" : "nullif(?1, ?1)", utc_now());
    } else {
      batch.set(run_id, column_of(mark), "(?1 = 'on')", on ? "on" : "off");
    }
  }
  batch.commit();
}

void RunEditor::tag(std::span<const int64_t> run_ids, const std::string& tag, bool on) {
  if (tag.empty() || tag.find_first_of(", \t\r\n") != std::string::npos) {
    throw UserError("'" + tag + "' cannot be a tag; a tag is one word without commas");
  }
  Batch batch(database_);
  for (const int64_t run_id : run_ids) {
    require_run(run_id);
    batch.tag(run_id, tag, on);
  }
  batch.commit();
}

std::string RunEditor::undo() {
  Transaction transaction(database_);
  Statement select(database_,
                   "SELECT edit_id, run_id, what, old_value, new_value FROM edits_data "
                   "WHERE batch = (SELECT max(batch) FROM edits_data) ORDER BY edit_id DESC");
  std::string told;
  std::vector<int64_t> undone;
  while (select.step()) {
    const int64_t edit_id = select.integer(0), run_id = select.integer(1);
    const std::string what = select.text(2);
    if (what == "tag") {
      const bool was_there = !select.is_null(3);
      Statement(database_, was_there ? "INSERT OR IGNORE INTO tags VALUES (?, ?)"
                                     : "DELETE FROM tags WHERE run_id = ? AND tag = ?")
          .run(run_id, std::string_view(select.text(was_there ? 3 : 4)));
    } else {
      require_column(database_, what);
      Statement(database_, "UPDATE runs SET " + what +
                               " = (SELECT old_value FROM edits_data WHERE edit_id = ?) "
                               "WHERE run_id = ?")
          .run(edit_id, run_id);
    }
    told += "run " + std::to_string(run_id) + ": " + what + " is " + quoted(select, 3) + " again, was " +
            quoted(select, 4) + "\n";
    undone.push_back(edit_id);
  }
  for (const int64_t edit_id : undone) Statement(database_, "DELETE FROM edits_data WHERE edit_id = ?").run(edit_id);
  transaction.commit();
  return told;
}

RunEditor::Emptied RunEditor::empty_trash() {
  Transaction transaction(database_);
  const auto free_pages = [&] { return database_.integer("PRAGMA freelist_count"); };
  const int64_t before = free_pages();
  Statement trashed(database_, "SELECT run_id FROM runs WHERE trashed_at IS NOT NULL");
  while (trashed.step()) {
    const int64_t run_id = trashed.integer(0);
    if (const std::string recorder = recorder_of(run_id); !recorder.empty())
      throw UserError("run " + std::to_string(run_id) + " in the trash may be recorded by " + recorder +
                      "; stop it, or restore it first");
  }
  Statement(database_, "DELETE FROM runs WHERE trashed_at IS NOT NULL").run();
  Emptied emptied{.num_runs = database_.num_changes()};
  emptied.free_bytes = (free_pages() - before) * database_.integer("PRAGMA page_size");
  transaction.commit();
  return emptied;
}

}  // namespace moescope
