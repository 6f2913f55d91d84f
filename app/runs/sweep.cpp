// Cells, and finding them again.
#include "app/runs/sweep.h"

#include <algorithm>

#include "app/options/config_options.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

SweepCell make_cell(const RunConfig& base, std::vector<std::string> settings) {
  SweepCell cell{.settings = std::move(settings), .name = "", .config = base};
  std::vector<std::string> keys;
  for (const std::string& setting : cell.settings) {
    apply_setting(cell.config, setting);
    const std::string key = setting.substr(0, setting.find('='));
    if (std::find(keys.begin(), keys.end(), key) != keys.end())
      throw ConfigError("the sweep sets " + key + " twice; name it once");
    keys.push_back(key);
    cell.name += (cell.name.empty() ? "" : " ") + key + "=" + get_field(cell.config, key);
  }
  return cell;
}

std::vector<std::vector<std::string>> combinations(const std::vector<std::string>& axes) {
  std::vector<std::vector<std::string>> cells{{}};
  for (const std::string& axis : axes) {
    const size_t equals = axis.find('=');
    if (equals == std::string::npos)
      throw ConfigError("--over " + axis + " has no '='; write --over key=value,value,...");
    std::vector<std::vector<std::string>> longer;
    for (const auto& cell : cells) {
      for (const std::string& value : values_between_commas(axis.substr(equals + 1))) {
        longer.push_back(cell);
        longer.back().push_back(axis.substr(0, equals + 1) + value);
      }
    }
    cells = std::move(longer);
  }
  return cells;
}

/// Fields whose change does not make it another experiment.
bool may_differ(std::string_view key) { return says_where(key) || key.starts_with("train.checkpoint_"); }

void require_same(const RunReader& reader, int64_t run_id, const std::string& sweep, const SweepCell& cell) {
  const ParamTexts stored = read_params(reader.database(), run_id);
  for (const FieldText& field : list_fields(cell.config)) {
    const auto then = stored.find(std::string(field.field.key));
    if (may_differ(field.field.key) || then == stored.end() || then->second == field.value) continue;
    throw UserError("sweep '" + sweep + "' has run " + std::to_string(run_id) + " for " + cell.name + " with " +
                    std::string(field.field.key) + "=" + then->second + ", now it is " + field.value +
                    "; give the new sweep another --name or --store");
  }
}

}  // namespace

std::vector<SweepCell> sweep_cells(const RunConfig& base, const std::vector<std::string>& axes,
                                   const std::vector<std::string>& lists) {
  if (axes.empty() == lists.empty()) {
    throw ConfigError(
        "a sweep needs either --over key=value,value,... (a grid) or --cell \"key=value key=value\" (a list)");
  }
  std::vector<std::vector<std::string>> settings = combinations(axes);
  if (axes.empty()) {
    settings.clear();
    for (const std::string& list : lists) settings.push_back(words_of(list));
  }
  std::vector<SweepCell> cells;
  for (auto& cell : settings) {
    cells.push_back(make_cell(base, std::move(cell)));
    const auto same = [&](const SweepCell& other) { return other.name == cells.back().name; };
    if (std::count_if(cells.begin(), cells.end(), same) > 1)
      throw ConfigError("the sweep has the cell " + cells.back().name + " twice; name it once");
  }
  return cells;
}

CellState find_cell(const RunReader& reader, const std::string& sweep, const SweepCell& cell) {
  Statement select(
      reader.database(),
      "SELECT run_id FROM environment s JOIN environment c USING (run_id) JOIN runs USING (run_id) "
      "WHERE s.key = 'sweep' AND s.value = ? AND c.key = 'sweep_cell' AND c.value = ? AND trashed_at IS NULL "
      "ORDER BY run_id DESC LIMIT 1");
  select.bind_all(std::string_view(sweep), std::string_view(cell.name));
  if (!select.step()) return {};
  const int64_t run_id = select.integer(0);
  require_same(reader, run_id, sweep, cell);
  const RunSummary run = reader.load_summary(run_id);
  const bool stopped = run.message == "stopped by request";
  if (run.state == RunState::diverged || (run.state == RunState::finished && !stopped))
    return {CellState::Progress::done, run_id};
  if (run.num_checkpoints == 0) return {};
  return {CellState::Progress::begun, run_id};
}

CellState find_cell(const std::filesystem::path& path, const std::string& sweep, const SweepCell& cell) {
  if (!std::filesystem::exists(path)) return {};
  const SessionStore store(path, SessionStore::Access::read);
  return find_cell(RunReader(store), sweep, cell);
}

PreparedRun prepare_cell(const std::string& store, const std::string& stop, const std::string& sweep,
                         const SweepCell& cell, const CellState& state) {
  RunRequest request;
  request.store = store;
  request.stop = stop;
  if (state.progress == CellState::Progress::begun) request.resume = std::to_string(state.run_id);
  PreparedRun run = prepare_run(request);
  if (request.resume.empty()) run.setup.config = cell.config;
  run.notes = idle_notes(cell.config, cell.settings);
  run.setup.facts = {{"sweep", sweep}, {"sweep_cell", cell.name}};
  return run;
}

}  // namespace moescope
