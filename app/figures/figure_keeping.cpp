// A figure that cannot be written is none.
#include "app/figures/figure_keeping.h"

#include <algorithm>

#include "compute/core/version.h"
#include "sessions/figures.h"

namespace moescope {

namespace {

StoredFigure row_of(const FigureSpec& spec, const figure::Scene& scene) {
  return {0,
          "",
          spec.title.empty() ? spec.kind + " of " + spec.labels.front() : spec.title,
          to_json(spec),
          scene_hash(scene),
          program_version()};
}

/// The number names the files, or is told in them, and is known with the row: both or neither. Drawing takes a while,
/// and a run that is being recorded must not wait for it, so the row comes first and goes again if the files fail.
int64_t keep(const std::filesystem::path& path, FigureSpec spec,
             const std::function<std::vector<std::string>(int64_t id)>& files_of) {
  const SessionStore store(path, SessionStore::Access::edit);
  const RunReader reader(store);
  pin_runs(reader, spec);
  const figure::Scene scene = build_figure(reader, spec);
  const int64_t id = add_figure(store.database(), row_of(spec, scene));
  try {
    for (const std::string& file : files_of(id)) write_figure(scene, file, rebuild_note(id, spec));
  } catch (...) {
    remove_figure(store.database(), id);
    throw;
  }
  return id;
}

}  // namespace

std::string rebuild_note(int64_t figure_id, const FigureSpec& spec) {
  return "rebuild with: moescope figure rebuild " + std::to_string(figure_id) + " --check; its spec: " + to_json(spec);
}

void pin_runs(const RunReader& reader, FigureSpec& spec) {
  spec.labels.clear();
  for (std::string& run : spec.runs) {
    const ComparedRun found = find_compared(reader, run);
    run = std::to_string(found.run.summary.run_id) + "@" + std::to_string(found.step);
    spec.labels.push_back(found.label);
  }
}

void add_pictures(const RunReader& reader, const std::vector<ComparedRun>& runs, const std::vector<std::string>& keys,
                  ReportPage& page) {
  FigureSpec spec;
  for (const ComparedRun& run : runs) {
    spec.runs.push_back(std::to_string(run.run.summary.run_id) + "@" + std::to_string(run.step));
    spec.labels.push_back(run.label);
  }
  const auto draw = [&](const std::string& heading) {
    for (ReportSection& section : page.sections) {
      if (section.heading == heading && section.table) section.picture = figure_img(build_figure(reader, spec));
    }
  };
  spec.kind = "curves";
  for (const std::string& key : keys) {
    spec.key = key;
    draw(curve_heading(key));
  }
  spec.kind = "pareto";
  spec.x = "gflops";
  draw(kParetoHeading);
}

int64_t keep_figure(const std::filesystem::path& path, FigureSpec spec, std::vector<std::string>& files) {
  return keep(path, std::move(spec), [&](int64_t id) {
    if (files.empty()) files = {"figure-" + std::to_string(id) + ".svg"};
    return files;
  });
}

int64_t keep_figure_in(const std::filesystem::path& path, FigureSpec spec, const std::filesystem::path& folder,
                       std::vector<std::string>& files) {
  return keep(path, std::move(spec), [&](int64_t id) {
    for (const char* ending : {".svg", ".pdf", ".png", ".csv", ".json", ".tex"})
      files.push_back((folder / ("figure-" + std::to_string(id) + ending)).string());
    return files;
  });
}

std::vector<KeptFigure> kept_figures(const RunReader& reader) {
  std::vector<KeptFigure> kept;
  for (StoredFigure& stored : list_figures(reader.database())) {
    KeptFigure figure{.figure_id = stored.figure_id,
                      .made_at = std::move(stored.made_at),
                      .title = std::move(stored.title),
                      .program = std::move(stored.program),
                      .spec = {},
                      .trouble = {}};
    try {
      figure.spec = figure_spec_from_json(stored.spec);
    } catch (const UserError& error) { figure.trouble = error.what(); }
    kept.push_back(std::move(figure));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

RebuiltFigure rebuild_figure(const RunReader& reader, int64_t figure_id) {
  const StoredFigure stored = load_figure(reader.database(), figure_id);
  RebuiltFigure rebuilt{.spec = figure_spec_from_json(stored.spec), .scene = {}, .verdict = {}};
  rebuilt.scene = build_figure(reader, rebuilt.spec);
  rebuilt.same = scene_hash(rebuilt.scene) == stored.scene_hash;
  rebuilt.verdict = "figure " + std::to_string(figure_id) +
                    (rebuilt.same ? " is the same, to the last bit"
                                  : " differs from what was made on " + stored.made_at + " by moescope " +
                                        stored.program + ": the runs in the store, or the program, have changed");
  return rebuilt;
}

}  // namespace moescope
