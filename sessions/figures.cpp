// Figures.
#include "sessions/figures.h"

#include "sessions/clock.h"

namespace moescope {
namespace {

constexpr const char* kColumns = "SELECT figure_id, made_at, title, spec, scene_hash, program FROM figures";

StoredFigure read_figure(const Statement& row) {
  return {row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

}  // namespace

int64_t add_figure(const Database& database, const StoredFigure& figure) {
  Statement(database, "INSERT INTO figures (made_at, title, spec, scene_hash, program) VALUES (?, ?, ?, ?, ?)")
      .run(std::string_view(utc_now()), std::string_view(figure.title), std::string_view(figure.spec),
           std::string_view(figure.scene_hash), std::string_view(figure.program));
  return database.last_insert_id();
}

void remove_figure(const Database& database, int64_t figure_id) {
  Statement(database, "DELETE FROM figures WHERE figure_id = ?").run(figure_id);
}

std::vector<StoredFigure> list_figures(const Database& database) {
  std::vector<StoredFigure> figures;
  for (Statement select(database, std::string(kColumns) + " ORDER BY figure_id"); select.step();) {
    figures.push_back(read_figure(select));
  }
  return figures;
}

StoredFigure load_figure(const Database& database, int64_t figure_id) {
  Statement select(database, std::string(kColumns) + " WHERE figure_id = ?");
  select.bind_all(figure_id);
  if (select.step()) return read_figure(select);
  throw StoreError(StoreProblem::missing, database.path(),
                   "there is no figure " + std::to_string(figure_id) + "; `moescope figure list` shows what there is");
}

}  // namespace moescope
