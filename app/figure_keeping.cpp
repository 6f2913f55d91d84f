// Written first: a figure that cannot be written is none.
#include "app/figure_keeping.h"

#include "sessions/figures.h"

namespace moescope {

namespace {

StoredFigure row_of(const FigureSpec& spec, const figure::Scene& scene) {
  return {0,
          "",
          spec.title.empty() ? spec.kind + " of " + spec.labels.front() : spec.title,
          to_json(spec),
          scene_hash(scene),
          MOESCOPE_VERSION};
}

}  // namespace

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
  const SessionStore store(path, SessionStore::Access::edit);
  const RunReader reader(store);
  pin_runs(reader, spec);
  const figure::Scene scene = build_figure(reader, spec);
  for (const std::string& file : files) write_figure(scene, file);
  const int64_t id = add_figure(store.database(), row_of(spec, scene));
  if (!files.empty()) return id;
  files = {"figure-" + std::to_string(id) + ".svg"};
  write_figure(scene, files.front());
  return id;
}

int64_t keep_figure_in(const std::filesystem::path& path, FigureSpec spec, const std::filesystem::path& folder,
                       std::vector<std::string>& files) {
  const SessionStore store(path, SessionStore::Access::edit);
  const RunReader reader(store);
  pin_runs(reader, spec);
  const figure::Scene scene = build_figure(reader, spec);
  // The number names the files and is known with the row: both or neither.
  Transaction transaction(store.database());
  const int64_t id = add_figure(store.database(), row_of(spec, scene));
  for (const char* ending : {".svg", ".pdf", ".png", ".csv", ".json", ".tex"}) {
    files.push_back((folder / ("figure-" + std::to_string(id) + ending)).string());
    write_figure(scene, files.back());
  }
  transaction.commit();
  return id;
}

}  // namespace moescope
