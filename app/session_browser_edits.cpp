// What the browser changes in the store, and what it does again: edits by a person, replays.
#include <algorithm>
#include <chrono>

#include "app/replay_process.h"
#include "app/session_browser.h"
#include "app/text_table.h"
#include "sessions/run_edits.h"
#include "sessions/run_notes.h"

namespace moescope {

namespace {

std::string runs_text(const std::vector<int64_t>& runs) {
  return runs.size() == 1 ? "run " + std::to_string(runs.front()) : std::to_string(runs.size()) + " runs";
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
      notice(std::to_string(emptied.num_runs) + " runs removed; " + with_unit(static_cast<double>(emptied.free_bytes)) +
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

void SessionBrowser::replay(int64_t run_id) {
  const int64_t job_id = add_job("replay of run " + std::to_string(run_id));
  std::shared_ptr<std::atomic<bool>> cancelled;
  {
    const std::lock_guard lock(mutex_);
    cancelled = jobs_.at(job_id).cancelled;
  }
  replaying_.post([this, job_id, run_id, cancelled] { run_replay(job_id, run_id, *cancelled); });
}

void SessionBrowser::run_replay(int64_t job_id, int64_t run_id, const std::atomic<bool>& cancelled) {
  using State = SessionJob::State;
  const auto end = [&](State state, const std::string& result) {
    change_job(job_id, [&](SessionJob& job) { job.state = state, job.result = result, job.share = 1; });
  };
  const std::string name = "run " + std::to_string(run_id);
  if (cancelled) return end(State::cancelled, "the replay of " + name + " was cancelled");
  change_job(job_id, [](SessionJob& job) { job.state = State::running, job.share = 0; });
  const auto begin = std::chrono::steady_clock::now();
  try {
    const ReplayEnd replayed = replay_in_process(
        program_, store_path_, run_id,
        [&](int64_t step, int64_t last) {
          const double secs = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
          const double share = static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, last));
          change_job(job_id, [&](SessionJob& job) {
            job.share = share;
            job.eta_secs = step > 0 ? secs / share * (1 - share) : -1;
          });
        },
        cancelled);
    if (replayed.cancelled) return end(State::cancelled, "the replay of " + name + " was cancelled");
    end(replayed.status == 2 ? State::failed : State::done, replayed.words);
  } catch (const std::exception& error) { end(State::failed, name + " cannot be replayed: " + error.what()); }
}

}  // namespace moescope
