// What the browser makes of figures and reports: scenes for the screen, files for the person, and the proof that a kept
// figure can be made again.
#include "app/doors/session_browser.h"
#include "app/figures/figure_keeping.h"
#include "app/runs/comparison.h"
#include "compute/records/output_file.h"

namespace moescope {

// ---- the UI thread's side

void SessionBrowser::draw(FigureAsk ask) {
  {
    const std::lock_guard lock(mutex_);
    shown_.figure_asked[ask.place] = true;
    shown_.figures[ask.place] = std::move(ask);
  }
  reading_.post([this] { read_turn(false); });
}

std::shared_ptr<const FigureAnswer> SessionBrowser::take_figure(int64_t place) {
  const std::lock_guard lock(mutex_);
  const auto answer = figures_out_.extract(place);
  return answer.empty() ? nullptr : answer.mapped();
}

void SessionBrowser::show_figures() {
  {
    const std::lock_guard lock(mutex_);
    shown_.list = shown_.list_asked = true;
    shown_.resting = false;
  }
  reading_.post([this] { read_turn(false); });
}

void SessionBrowser::save_figure(FigureSpec spec) {
  reading_.post([this, spec = std::move(spec)] {
    guarded("the figure was not saved: ", [&] {
      make_folder(folder_);
      std::vector<std::string> files;
      const int64_t id = keep_figure_in(store_path_, spec, folder_, files);
      wrote(files.front(), "figure " + std::to_string(id) + ": " + files.front() +
                               ", beside it .pdf .png .csv .json .tex; its path is on the clipboard");
      const std::lock_guard lock(mutex_);
      shown_.list_asked = shown_.list;
    });
    read_turn(false);
  });
}

void SessionBrowser::export_figure(int64_t figure_id, std::string ending) {
  reading_.post([this, figure_id, ending = std::move(ending)] {
    guarded("the figure was not written: ", [&] {
      if (!open()) throw UserError("no run has been stored yet");
      const RebuiltFigure rebuilt = rebuild_figure(*reader_, figure_id);
      make_folder(folder_);
      const std::string file = (folder_ / ("figure-" + std::to_string(figure_id) + ending)).string();
      write_figure(rebuilt.scene, file, rebuild_note(figure_id, rebuilt.spec));
      if (!rebuilt.same) notice(rebuilt.verdict, true);
      wrote(file, "written: " + file + "; its path is on the clipboard");
    });
  });
}

void SessionBrowser::check_figure(int64_t figure_id) {
  reading_.post([this, figure_id] {
    auto verdict = std::make_shared<FigureVerdict>();
    verdict->figure_id = figure_id;
    try {
      if (!open()) throw UserError("no run has been stored yet");
      const RebuiltFigure rebuilt = rebuild_figure(*reader_, figure_id);
      verdict->same = rebuilt.same;
      verdict->words = rebuilt.verdict;
    } catch (const std::exception& error) { verdict->words = std::string("it cannot be made again: ") + error.what(); }
    verdicts_.post(std::move(verdict));
    wake_();
  });
}

void SessionBrowser::save_report(std::vector<RunMoment> runs) {
  reading_.post(
      [this, runs = std::move(runs)] { guarded("the report was not saved: ", [&] { write_report_files(runs); }); });
}

// ---- the reading thread's side

void SessionBrowser::answer_figure(const FigureAsk& ask) {
  auto answer = std::make_shared<FigureAnswer>();
  answer->ask = ask;
  try {
    const ReadSnapshot snapshot(reader_->database());
    FigureSpec spec = ask.spec;
    if (ask.all) {
      answer->scene = scatter_of_all(*reader_, *ask.all, spec.x, answer->run_of_point);
    } else {
      if (spec.labels.empty()) pin_runs(*reader_, spec);
      answer->scene = build_figure(*reader_, spec);
    }
  } catch (const UserError& error) { answer->refusal = error.what(); }
  {
    const std::lock_guard lock(mutex_);
    figures_out_[ask.place] = std::move(answer);
  }
  wake_();
}

void SessionBrowser::write_report_files(const std::vector<RunMoment>& moments) {
  if (!open()) throw UserError("no run has been stored yet");
  make_folder(folder_);
  std::vector<ComparedRun> runs;
  std::string name = "compare";
  for (const RunMoment& moment : moments) {
    runs.push_back(find_compared(*reader_, moment_text(moment)));
    name += "-" + moment_text(moment);
  }
  const std::vector<std::string> keys = {"train/loss", "eval/test/accuracy"};
  ReportPage page = compare_runs(*reader_, runs, keys);
  write_report(page, (folder_ / (name + ".md")).string());
  add_pictures(*reader_, runs, keys, page);
  const std::string file = (folder_ / (name + ".html")).string();
  write_report(page, file);
  wrote(file, "report: " + file + ", beside it .md; its path is on the clipboard");
}

void SessionBrowser::answer_figure_list() {
  auto list = std::make_shared<FigureList>();
  list->figures = kept_figures(*reader_);
  list->metric_keys = reader_->metric_keys();
  figure_lists_.post(std::move(list));
  wake_();
}

void SessionBrowser::wrote(const std::string& file, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    written_ = file;
  }
  notice(std::move(text));
}

}  // namespace moescope
