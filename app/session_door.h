// What the window needs of the store: a second door beside LiveRun. Questions go in, answers come out by mailbox.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/figure_spec.h"
#include "compute/records/pair_look.h"
#include "compute/records/run_comparison.h"
#include "compute/records/run_table.h"
#include "compute/records/session_job.h"
#include "figure/scene.h"

namespace moescope {

/// A figure for a place on the screen; a new question for a place takes the place of the old one.
struct FigureAsk {
  int64_t place = 0;
  FigureSpec spec;
};
struct FigureAnswer {
  FigureAsk ask;
  figure::Scene scene;
  std::string refusal;  // one sentence; the scene is empty then
};

/// All calls come from the UI thread and return at once; none may wait for the disk or for a model.
class SessionDoor {
 public:
  virtual ~SessionDoor() = default;

  // What is shown stands: it is answered again by itself when the store changes. Latest wins.
  virtual void show_table(RunTableQuestion question, int64_t first_row, int64_t num_rows) = 0;
  virtual bool take_table(std::shared_ptr<const RunTable>& out) = 0;
  virtual void compare(std::vector<RunMoment> runs) = 0;
  virtual bool take_comparison(std::shared_ptr<const RunComparison>& out) = 0;
  virtual void draw(FigureAsk ask) = 0;
  virtual std::vector<std::shared_ptr<const FigureAnswer>> take_figures() = 0;
  /// Nobody looks: the store is not watched until something is shown again.
  virtual void rest() = 0;

  /// In the order given; each is one step of undo. What it did comes as a notice, and with the next table.
  virtual void edit(RunEdit edit) = 0;

  // Jobs. Each says how far it is, and can be cancelled.
  /// One image through two stored models; latest wins.
  virtual void look(PairRequest request) = 0;
  virtual bool take_pair(std::shared_ptr<const PairLook>& out) = 0;
  /// Trains the run again and compares; one at a time, in order.
  virtual void replay(int64_t run_id) = 0;
  /// The scene as .svg, .pdf, .png, .csv, .json and .tex, and its spec in the store.
  virtual void save_figure(FigureSpec spec) = 0;
  /// The comparison as .html and .md.
  virtual void save_report(std::vector<RunMoment> runs) = 0;
  virtual void cancel(int64_t job_id) = 0;
  /// Every job that is not over, and each that ended since the last call.
  virtual std::vector<SessionJob> take_jobs() = 0;

  /// One-line messages for the person since the last call.
  virtual std::vector<std::string> drain_notices() = 0;
  /// A file that was just written, for the clipboard; empty: none since the last call.
  virtual std::string take_written_path() = 0;

  /// Gives a function that any thread may call when something new can be taken.
  virtual void set_waker(std::function<void()> wake) = 0;
};

}  // namespace moescope
