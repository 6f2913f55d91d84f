// What the window needs of the store: a second door beside LiveRun. Questions go in, answers come out by mailbox.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/pair_look.h"
#include "compute/records/run_comparison.h"
#include "compute/records/run_table.h"
#include "compute/records/session_job.h"
#include "figure/figure_spec.h"
#include "figure/kept_figure.h"
#include "figure/scene.h"
#include "window/experiment.h"

namespace moescope {

/// A figure for a place on the screen; a new question for a place takes the place of the old one.
struct FigureAsk {
  int64_t place = 0;
  FigureSpec spec;
  std::optional<RunTableQuestion> all = {};  // accuracy against cost (spec.x) of all runs of the table, no kept figure
};
struct FigureAnswer {
  FigureAsk ask;
  figure::Scene scene;
  std::vector<int64_t> run_of_point = {};  // of all: the run of each point
  std::string refusal;                     // one sentence; the scene is empty then
};

/// The figures that are kept, newest first.
struct FigureList {
  std::vector<KeptFigure> figures;
  std::vector<std::string> metric_keys;  // of all runs: what curves can be drawn of
  std::string refusal;                   // one sentence when the store cannot be read
};
/// What came of making a kept figure again.
struct FigureVerdict {
  int64_t figure_id = 0;
  bool same = false;
  std::string words;
};

/// News for the person: plain, or that something is wrong.
struct SessionNotice {
  std::string text;
  bool wrong = false;
};

/// Runs whose name or number has what was typed, newest first; a few.
struct FoundRuns {
  std::string typed;
  std::vector<RunSummary> runs;
};

/// All calls come from the UI thread and return at once; none may wait for the disk or for a model.
class SessionDoor {
 public:
  virtual ~SessionDoor() = default;

  // What is shown stands: it is answered again by itself when the store changes. Latest wins.
  virtual void show_table(RunTableQuestion question, int64_t first_row, int64_t num_rows) = 0;
  virtual bool take_table(std::shared_ptr<const RunTable>& out) = 0;
  virtual void find_runs(std::string typed) = 0;  // latest wins
  virtual bool take_found(std::shared_ptr<const FoundRuns>& out) = 0;
  virtual void compare(std::vector<RunMoment> runs) = 0;
  virtual bool take_comparison(std::shared_ptr<const RunComparison>& out) = 0;
  virtual void draw(FigureAsk ask) = 0;
  /// The newest answer for a place since the last call; null: none.
  virtual std::shared_ptr<const FigureAnswer> take_figure(int64_t place) = 0;
  virtual void show_figures() = 0;
  virtual bool take_figure_list(std::shared_ptr<const FigureList>& out) = 0;
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
  /// What a sweep or twins would do and cost; latest wins.
  virtual void plan(ExperimentAsk ask) = 0;
  virtual bool take_plan(std::shared_ptr<const ExperimentPlan>& out) = 0;
  /// Begins it, behind the jobs that are in line.
  virtual void start(ExperimentAsk ask) = 0;
  /// The scene as .svg, .pdf, .png, .csv, .json and .tex, and its spec in the store.
  virtual void save_figure(FigureSpec spec) = 0;
  /// A kept figure, made again, as one more file: ".svg", ".pdf", ".png", ".csv", ".json" or ".tex".
  virtual void export_figure(int64_t figure_id, std::string ending) = 0;
  /// Makes a kept figure again and compares it with what was made then.
  virtual void check_figure(int64_t figure_id) = 0;
  virtual bool take_verdict(std::shared_ptr<const FigureVerdict>& out) = 0;
  /// The comparison as .html and .md.
  virtual void save_report(std::vector<RunMoment> runs) = 0;
  virtual void cancel(int64_t job_id) = 0;
  /// Every job that is not over, and each that ended since the last call.
  virtual std::vector<SessionJob> take_jobs() = 0;

  /// One-line messages for the person since the last call.
  virtual std::vector<SessionNotice> drain_notices() = 0;
  /// A file that was just written, for the clipboard; empty: none since the last call.
  virtual std::string take_written_path() = 0;

  /// Gives a function that any thread may call when something new can be taken.
  virtual void set_waker(std::function<void()> wake) = 0;
};

}  // namespace moescope
