// What the browser changes in the store: edits by a person.
#include "app/doors/session_browser.h"
#include "app/terminal/text_table.h"
#include "compute/records/words.h"
#include "sessions/run_edits.h"
#include "sessions/run_notes.h"

namespace moescope {

namespace {

std::string runs_text(const std::vector<int64_t>& runs) {
  return runs.size() == 1 ? "run " + std::to_string(runs.front()) : counted(std::ssize(runs), "run");
}

}  // namespace

void SessionBrowser::apply(const RunEdit& edit) {
  using What = RunEdit::What;
  const SessionStore store(store_path_, SessionStore::Access::edit);
  RunEditor editor(store);
  const std::vector<int64_t>& runs = edit.runs;
  switch (edit.what) {
    case What::rename:
      for (const int64_t run : runs) editor.rename(run, edit.text);
      break;
    case What::note:
      for (const int64_t run : runs) add_note(store.database(), run, -1, edit.text);
      break;
    case What::tag: editor.tag(runs, edit.text, true); break;
    case What::untag: editor.tag(runs, edit.text, false); break;
    case What::star: editor.mark(runs, RunMark::starred, true); break;
    case What::unstar: editor.mark(runs, RunMark::starred, false); break;
    case What::archive: editor.mark(runs, RunMark::archived, true); break;
    case What::unarchive: editor.mark(runs, RunMark::archived, false); break;
    case What::trash:
      editor.mark(runs, RunMark::trashed, true);
      notice(runs_text(runs) + " in the trash; Ctrl+Z takes it back");
      break;
    case What::restore: editor.mark(runs, RunMark::trashed, false); break;
    case What::empty_trash: {
      const RunEditor::Emptied emptied = editor.empty_trash();
      notice(counted(emptied.num_runs, "run") + " removed; " + with_unit(static_cast<double>(emptied.free_bytes)) +
             "B can be used again");
      break;
    }
    case What::undo: {
      std::string told = editor.undo();
      if (!told.empty()) told.pop_back();
      notice(told.empty() ? "there is nothing to undo" : "undone: " + told.substr(0, told.find('\n')));
      break;
    }
  }
}

}  // namespace moescope
