// The table.
#include "widgets/panels/control_tips.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace moescope::panels {

namespace {

constexpr std::string_view kInterval = "Efron 1979; as rliable, arXiv 2108.13264";

constexpr ControlTip kTips[] = {
    // the table of runs
    {"runs.columns", {"Columns", "Which columns stand here: results, any setting, the last value of any metric."}},
    {"runs.shelf", {"Shelf", "Runs; archived ones too; or those in the trash, which `empty` removes for good."}},
    {"runs.group",
     {"Group", "One heading for all runs that agree in a column, a setting or a metric. Enter applies it.",
      "mean and 95 % bootstrap interval over the runs", kInterval}},
    {"runs.filter",
     {"Filter  (/)",
      "Part of a name, tag:WORD, or a condition over columns, settings and metrics; Enter asks a condition. The same "
      "as "
      "`runs list --where`.",
      "\"layer3/dropped\" < 0.1"}},
    {"runs.save_query", {"Keep this filter", "It stands in the list of kept filters from then on, in every start."}},
    {"runs.queries", {"Kept filters", "A click asks one again; a click on its cross forgets it."}},
    {"runs.star", {"Star  (Y)", "The chosen runs get a star. Ctrl+Z takes it back."}},
    {"runs.tag", {"Tag  (G)", "One word for all chosen runs: tag:WORD finds them."}},
    {"runs.archive", {"Archive  (A)", "Out of the way, but kept; the shelf `all` shows them."}},
    {"runs.trash", {"Trash  (Del)", "Kept until the trash is emptied. Ctrl+Z takes them out."}},
    {"runs.restore", {"Restore", "Out of the trash."}},
    {"runs.empty", {"Empty the trash", "Removes its runs for good and says how much room that gave."}},
    {"runs.replay",
     {"Replay",
      "Trains each chosen run again in the background, knobs included, and compares every loss and checkpoint.",
      "hash(weights, step n) = hash stored"}},
    {"runs.report", {"Report", "The comparison as HTML and Markdown: `moescope runs compare ... --to FILE`."}},
    {"runs.clear", {"Clear", "Nothing is chosen any more."}},
    {"runs.new", {"New runs  (+)", "A sweep over settings and seeds, or twins in lock step on the same batches."}},
    // curves and costs
    {"compare.metric", {"Metric", "A click draws it; Shift and a click draws it besides the others."}},
    {"compare.axis",
     {"x axis", "Steps, images seen, or the forward work spent until then.", "GFLOPs = steps × batch × GFLOPs/image"}},
    {"compare.log_x", {"Logarithmic x axis", "What is not positive is marked at the edge."}},
    {"compare.log_y", {"Logarithmic y axis", "What is not positive is marked at the edge."}},
    {"compare.cost",
     {"Cost", "A run is dimmed when another one reaches as much for no more.",
      "beaten: some run has accuracy ≥ and cost ≤, one of them strictly"}},
    {"compare.checkpoint", {"Checkpoint", "The stored step of this run that is looked through."}},
    // new runs
    {"new.preset", {"Preset", "Where the settings begin; `moescope train --list-presets` says what each is."}},
    {"new.axis", {"Axis", "A setting and its values; all combinations of the axes are run.", "router.k=1,2,4"}},
    {"new.seeds",
     {"Seeds", "Each combination once a seed, so that its mean gets an interval.", "mean and 95 % percentile bootstrap",
      kInterval}},
    {"new.settings", {"Settings of every run", "KEY=VALUE, apart by spaces; any field of the table of settings."}},
    {"new.stop", {"Stop rule", "Of each run: whichever comes first.", "steps=N,epochs=N,seconds=N,accuracy=X"}},
    {"new.name", {"Name", "One word: the tag of its runs. A sweep of the same name goes on where it stopped."}},
    {"new.start",
     {"Start", "Behind the jobs in line, in a process of its own; it is cancelled in the strip below.",
      "FLOP = 3 × forward × images"}},
    // figures
    {"figures.new", {"New figure  (N)", "Begins with the settings of the one on view, or with the runs chosen in F3."}},
    {"figures.kind", {"Kind", "`moescope figure kinds` lists them; the line below says what this one shows."}},
    {"figures.runs",
     {"Runs", "Numbers, names or latest; RUN@STEP is the run as it was then. F3's choice stands here."}},
    {"figures.metric", {"Metric", "Any series that the runs have, several apart by spaces; a click takes one over."}},
    {"figures.axis",
     {"x axis", "Steps, images seen or forward work; for costs: work, time or parameters of an image."}},
    {"figures.log_x", {"Logarithmic x axis", "What is not positive is marked at the edge."}},
    {"figures.log_y", {"Logarithmic y axis", "What is not positive is marked at the edge."}},
    {"figures.layer", {"Block", "Of the transformer, counted from 0."}},
    {"figures.title", {"Title", "Above the figure, in its files too."}},
    {"figures.caption", {"Caption", "Below the figure, broken into lines."}},
    {"figures.keep",
     {"Keep  (Ctrl+E)", "Its recipe goes into the store, its files into the folder figures beside it."}},
    {"figures.files", {"Files", "Each says inside with which command it is made again. tex is for pgfplots."}},
    {"figures.check",
     {"Rebuild  (R)", "Reads the runs again, makes the scene again and compares its hash with the stored one.",
      "moescope figure rebuild N --check"}},
};

}  // namespace

std::span<const ControlTip> control_tips() { return kTips; }

void tip_of(std::string_view control, const ui::Rect& area) {
  const auto found =
      std::find_if(std::begin(kTips), std::end(kTips), [&](const auto& one) { return one.control == control; });
  if (found == std::end(kTips)) throw std::logic_error("the control '" + std::string(control) + "' has no tool-tip");
  ui::tip(area, found->tip);
}

}  // namespace moescope::panels
