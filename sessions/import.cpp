// Texts to events, which the writer stores as it does those of a live run.
#include "sessions/import.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sessions/run_names.h"
#include "sessions/run_notes.h"
#include "sessions/run_params.h"
#include "sessions/run_writer.h"

namespace moescope {
namespace {

using nlohmann::json;
using Row = std::map<std::string, std::string>;

/// What both formats come down to: texts by column.
struct ImportedRun {
  std::string where;
  ParamTexts params;
  Row run;
  std::vector<Row> environment, commands, evaluations, events, notes;
  MetricsTaken metrics;
};

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw UserError(where + ": " + why + "; only what `moescope runs export` wrote can be imported");
}

double number_in(const std::string& text, const std::string& where) {
  if (text == "nan" || text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf" || text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-inf" || text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) refuse(where, "'" + text + "' is no number");
  return value;
}

const std::string& cell(const Row& row, const std::string& column, const std::string& where) {
  const auto found = row.find(column);
  if (found == row.end()) refuse(where, "it has no column '" + column + "'");
  return found->second;
}

int64_t store_run(const SessionStore& store, ImportedRun run, const std::string& name) {
  if (!name.empty()) run.params["name"] = name;
  const auto text = [&](const Row& row, const char* column) { return cell(row, column, run.where); };
  const auto real = [&](const Row& row, const char* column) {
    return number_in(cell(row, column, run.where), run.where);
  };
  const auto whole = [&](const Row& row, const char* column) { return static_cast<int64_t>(real(row, column)); };
  std::vector<std::string> doubts;
  RunStarted start{.config = to_config(run.params, doubts),
                   .environment = {},
                   .num_parameters = whole(run.run, "num_parameters"),
                   .gflops_per_image = real(run.run, "gflops_per_image"),
                   .further_params = further_params(run.params)};
  if (!doubts.empty()) refuse(run.where, doubts.front());
  for (const Row& row : run.environment) start.environment.emplace_back(text(row, "key"), text(row, "value"));
  start.environment.emplace_back("imported_from", run.where);
  std::vector<Event> events{start, run.metrics};
  for (const Row& row : run.commands) {
    events.emplace_back(CommandApplied{whole(row, "step"), real(row, "wall_secs"), text(row, "key"),
                                       text(row, "old_value"), text(row, "new_value")});
  }
  for (const Row& row : run.evaluations) {
    events.emplace_back(Evaluated{whole(row, "step"), real(row, "wall_secs"), text(row, "split"),
                                  whole(row, "num_images"), real(row, "accuracy"), real(row, "loss"),
                                  text(row, "setting")});
  }
  RunState last = RunState::preparing;
  for (const Row& row : run.events) {
    last = state_from_name(text(row, "state"));
    events.emplace_back(StateChanged{whole(row, "step"), real(row, "wall_secs"), last, text(row, "message")});
  }
  // Nobody goes on recording it, whatever its last word was.
  if (last != RunState::finished && last != RunState::diverged && last != RunState::failed) {
    events.emplace_back(
        StateChanged{whole(run.run, "step"), real(run.run, "wall_secs"), RunState::finished, "imported"});
  }
  RunWriter writer(store);
  writer.write(events);
  for (const Row& row : run.notes) {
    add_note(store.database(), writer.run_id(), text(row, "step").empty() ? -1 : whole(row, "step"), text(row, "text"));
  }
  return writer.run_id();
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError(path.string() + " cannot be read; check the path");
  return (std::ostringstream() << file.rdbuf()).str();
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
}

double number_of(const json& value, const std::string& where) {
  return value.is_number() ? value.get<double>() : number_in(text_of(value), where);
}

std::vector<Row> rows_of(const json& list) {
  std::vector<Row> rows;
  for (const json& object : list) {
    Row& row = rows.emplace_back();
    for (const auto& [key, value] : object.items()) row[key] = text_of(value);
  }
  return rows;
}

/// RFC 4180, the first line naming the columns.
std::vector<Row> read_csv(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> line{""};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        line.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        line.back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      line.emplace_back();
    } else if (c == '\n') {
      lines.push_back(std::exchange(line, {""}));
    } else if (c != '\r') {
      line.back() += c;
    }
  }
  if (quoted || line.size() > 1 || !line.front().empty()) refuse(path.string(), "it is cut short");
  if (lines.empty()) refuse(path.string(), "it is empty");
  std::vector<Row> rows;
  for (size_t r = 1; r < lines.size(); ++r) {
    if (lines[r].size() != lines[0].size())
      refuse(path.string(), "line " + std::to_string(r + 1) + " has another number of cells than the first");
    Row& row = rows.emplace_back();
    for (size_t c = 0; c < lines[0].size(); ++c) row[lines[0][c]] = std::move(lines[r][c]);
  }
  return rows;
}

}  // namespace

int64_t import_json(const SessionStore& store, const std::filesystem::path& file, const std::string& name) {
  ImportedRun run{.where = file.string(),
                  .params = {},
                  .run = {},
                  .environment = {},
                  .commands = {},
                  .evaluations = {},
                  .events = {},
                  .notes = {},
                  .metrics = {}};
  try {
    const json all = json::parse(read_text(file));
    if (all.value("format", "") != "moescope-run") refuse(run.where, "it is no export of a run");
    if (all.value("version", 0) != 1) refuse(run.where, "it was written by a newer moescope");
    for (const auto& [key, value] : all.at("params").items()) run.params[key] = text_of(value);
    for (const auto& [key, value] : all.at("run").items()) run.run[key] = text_of(value);
    run.environment = rows_of(all.at("environment"));
    run.commands = rows_of(all.at("commands"));
    run.evaluations = rows_of(all.at("evaluations"));
    run.events = rows_of(all.at("events"));
    run.notes = rows_of(all.at("notes"));
    for (const auto& [key, series] : all.at("metrics").items()) {
      const json &steps = series.at("step"), &secs = series.at("wall_secs"), &values = series.at("value");
      if (steps.size() != secs.size() || steps.size() != values.size())
        refuse(run.where, "the series " + key + " has columns of different length");
      for (size_t i = 0; i < steps.size(); ++i) {
        run.metrics.metrics.push_back(
            {key, steps[i].get<int64_t>(), number_of(secs[i], run.where), number_of(values[i], run.where)});
      }
    }
  } catch (const json::parse_error& error) {
    refuse(run.where, "it is damaged at byte " + std::to_string(error.byte));
  } catch (const json::exception& error) {  // "[json.exception.out_of_range.403] key 'params' not found"
    const std::string words = error.what();
    refuse(run.where, "it is damaged (" + words.substr(words.find("] ") + 2) + ")");
  }
  return store_run(store, std::move(run), name);
}

int64_t import_csv(const SessionStore& store, const std::filesystem::path& folder, const std::string& name) {
  const std::string where = folder.string();
  const auto rows = [&](const char* table) { return read_csv(folder / (std::string(table) + ".csv")); };
  ImportedRun run{.where = where,
                  .params = {},
                  .run = {},
                  .environment = rows("environment"),
                  .commands = rows("commands"),
                  .evaluations = rows("evaluations"),
                  .events = rows("events"),
                  .notes = rows("notes"),
                  .metrics = {}};
  for (const Row& row : rows("params")) run.params[cell(row, "key", where)] = cell(row, "value", where);
  const std::vector<Row> summary = rows("run");
  if (summary.size() != 1) refuse(where, "run.csv does not hold one run");
  run.run = summary.front();
  for (const Row& row : rows("metrics")) {
    run.metrics.metrics.push_back(
        {cell(row, "key", where), static_cast<int64_t>(number_in(cell(row, "step", where), where)),
         number_in(cell(row, "wall_secs", where), where), number_in(cell(row, "value", where), where)});
  }
  return store_run(store, std::move(run), name);
}

}  // namespace moescope
