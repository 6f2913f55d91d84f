// Figures as rows: the recipe and the hash of what came out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sessions/database.h"

namespace moescope {

struct StoredFigure {
  int64_t figure_id = 0;
  std::string made_at, title, spec, scene_hash, program;
};

/// Needs a store opened to edit or to write. Returns the figure's id; figure_id and made_at of the argument do not
/// matter.
int64_t add_figure(const Database& database, const StoredFigure& figure);
/// Takes back what add_figure put there; nothing when it is gone.
void remove_figure(const Database& database, int64_t figure_id);
/// Oldest first.
std::vector<StoredFigure> list_figures(const Database& database);
/// Throws StoreError (missing) when there is no such figure.
StoredFigure load_figure(const Database& database, int64_t figure_id);

}  // namespace moescope
