// Settings and surroundings of a run, stored as text.
#include "sessions/run_params.h"

#include "compute/records/rl_config_fields.h"

namespace moescope {

std::vector<std::pair<std::string, std::string>> params_of(const RunStarted& start) {
  std::vector<std::pair<std::string, std::string>> params;
  for (const FieldText& field : list_fields(start.config)) {
    const bool of_images = field.field.key.starts_with("data.") || field.field.key.starts_with("model.");
    if (of_images && !start.further_params.empty()) continue;  // says nothing about a run that looks at no images
    params.emplace_back(field.field.key, field.value);
  }
  params.insert(params.end(), start.further_params.begin(), start.further_params.end());
  return params;
}

std::vector<std::pair<std::string, std::string>> further_params(const ParamTexts& params) {
  std::vector<std::pair<std::string, std::string>> further;
  for (const auto& param : params)
    if (is_rl_field(param.first)) further.push_back(param);
  return further;
}

void store_params(const Database& database, int64_t run_id, const RunStarted& start) {
  Statement know(database, "INSERT OR IGNORE INTO param_keys_data (key) VALUES (?)");
  Statement insert(
      database,
      "INSERT INTO params_data (run_id, key_id, value) SELECT ?, key_id, ? FROM param_keys_data WHERE key = ?");
  for (const auto& [key, value] : params_of(start)) {
    know.run(std::string_view(key));
    insert.run(run_id, std::string_view(value), std::string_view(key));
  }
}

ParamTexts read_params(const Database& database, int64_t run_id) {
  ParamTexts params;
  Statement select(database, "SELECT key, value FROM params WHERE run_id = ?");
  select.bind_all(run_id);
  while (select.step()) params[select.text(0)] = select.text(1);
  return params;
}

namespace {

struct Change {
  int64_t step;
  std::string key, value;
};

/// The commands of a run up to `step`, without those that a "restore" (new value: the step it went back to) has undone.
std::vector<Change> changes_until(const Database& database, int64_t run_id, int64_t step) {
  std::vector<Change> changes;
  Statement select(database,
                   "SELECT step, key, new_value FROM commands WHERE run_id = ? AND step <= ? ORDER BY command_id");
  select.bind_all(run_id, step);
  while (select.step()) {
    Change change{select.integer(0), select.text(1), select.text(2)};
    if (change.key == "restore") {
      std::erase_if(changes, [&](const Change& earlier) { return earlier.step > change.step; });
    } else {
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

}  // namespace

ParamTexts read_params_at(const Database& database, int64_t run_id, int64_t step) {
  ParamTexts params = read_params(database, run_id);
  for (const Change& change : changes_until(database, run_id, step)) {
    // Settings have a dot in their name ("train.seed"); "run" and other commands do not. A setting that is newer than
    // the run has no row of its own, but may have been given when the run was resumed.
    if (params.contains(change.key) || change.key.find('.') != std::string::npos) params[change.key] = change.value;
  }
  return params;
}

RunConfig to_config(const ParamTexts& params, std::vector<std::string>& doubts) {
  RunConfig config;
  for (const auto& [key, value] : params) {
    if (is_rl_field(key)) continue;  // of another table
    try {
      set_field(config, key, value);
    } catch (const ConfigError& error) {
      doubts.push_back("stored setting " + key + " = '" + value +
                       "' is not understood by this version: " + error.what());
    }
  }
  return config;
}

void store_environment(const Database& database, int64_t run_id, int64_t since_step, const Environment& environment) {
  Statement latest(database,
                   "SELECT value FROM environment WHERE run_id = ? AND key = ? ORDER BY since_step DESC LIMIT 1");
  Statement insert(database, "INSERT OR REPLACE INTO environment (run_id, since_step, key, value) VALUES (?, ?, ?, ?)");
  for (const auto& [key, value] : environment) {
    latest.bind_all(run_id, std::string_view(key));
    const bool known = latest.step() && latest.text(0) == value;
    latest.reset();
    if (!known) insert.run(run_id, since_step, std::string_view(key), std::string_view(value));
  }
}

Environment read_environment(const Database& database, int64_t run_id) {
  Environment environment;
  // SQLite takes the other columns of an aggregate by max() from the row that has the maximum.
  Statement select(database,
                   "SELECT key, value, max(since_step) FROM environment WHERE run_id = ? GROUP BY key ORDER BY key");
  select.bind_all(run_id);
  while (select.step()) environment.emplace_back(select.text(0), select.text(1));
  return environment;
}

}  // namespace moescope
