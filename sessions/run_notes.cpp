// Notes as rows.
#include "sessions/run_notes.h"

#include "sessions/clock.h"

namespace moescope {
namespace {

void require_change(const Database& database, int64_t run_id) {
  if (database.num_changes() > 0) return;
  throw StoreError(StoreProblem::missing, database.path(),
                   "there is no run " + std::to_string(run_id) + "; `moescope runs list` shows what there is");
}

}  // namespace

int64_t add_note(const Database& database, int64_t run_id, int64_t step, const std::string& text) {
  Statement insert(database,
                   "INSERT INTO notes (run_id, step, written_at, text) "
                   "SELECT run_id, CASE WHEN ?2 < 0 THEN NULL ELSE ?2 END, ?3, ?4 FROM runs WHERE run_id = ?1");
  insert.run(run_id, step, std::string_view(utc_now()), std::string_view(text));
  require_change(database, run_id);
  return database.last_insert_id();
}

std::vector<Note> read_notes(const Database& database, int64_t run_id) {
  Statement select(database,
                   "SELECT note_id, coalesce(step, -1), written_at, text FROM notes WHERE run_id = ? ORDER BY note_id");
  select.bind_all(run_id);
  std::vector<Note> notes;
  while (select.step()) {
    notes.push_back({.note_id = select.integer(0),
                     .step = select.integer(1),
                     .written_at = select.text(2),
                     .text = select.text(3)});
  }
  return notes;
}

}  // namespace moescope
