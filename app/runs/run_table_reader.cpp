// From questions to rows.
#include "app/runs/run_table_reader.h"

#include <algorithm>
#include <chrono>
#include <sstream>

#include "compute/eval/bootstrap.h"
#include "compute/records/config_fields.h"
#include "sessions/run_columns.h"

namespace moescope {

RunQuery query_of(const RunTableQuestion& question) {
  RunQuery query;
  query.order = question.order;
  query.descending = question.descending;
  query.archived = question.archived;
  query.trash = question.trash;
  if (is_condition(question.filter)) {
    query.where = question.filter;
    return query;
  }
  std::istringstream words(question.filter);
  for (std::string word; words >> word;) {
    if (word.starts_with("tag:")) {
      query.tag = word.substr(4);
    } else {
      query.name_contains += (query.name_contains.empty() ? "" : " ") + word;
    }
  }
  return query;
}

void RunTableReader::read_order(const RunReader& reader, const RunTableQuestion& question) {
  const RunQuery query = query_of(question);
  ids_ = reader.list_ids(query, question.group);
  groups_.clear();
  if (!question.group.empty()) {
    int64_t first = 0;
    for (const RunGroup& group : reader.group_runs(query, question.group, question.group_value)) {
      const MeanInterval mean = bootstrap_mean(group.values, 0.95, 2000);
      groups_.push_back({group.by, first, group.num_runs, mean.count, mean.mean, mean.low, mean.high,
                         group.values.empty() ? 0 : group.best_run});
      first += group.num_runs;
    }
  }
  known_columns_.clear();
  for (const std::string_view name : run_column_names()) known_columns_.emplace_back(name);
  for (const FieldText& field : list_fields(RunConfig{})) known_columns_.emplace_back(field.field.key);
  for (std::string& key : reader.metric_keys()) known_columns_.push_back(std::move(key));
}

RunTable RunTableReader::answer(const RunReader& reader, const RunTableQuestion& question, int64_t first_row,
                                int64_t num_rows, bool changed) {
  const auto begin = std::chrono::steady_clock::now();
  RunTable table;
  table.question = question;
  try {
    const ReadSnapshot snapshot(reader.database());
    RunTableQuestion order = question, known = question_;
    order.columns.clear(), known.columns.clear();
    if (!known_ || changed || order != known) {
      known_ = false;
      read_order(reader, question);
      known_ = true;
    }
    question_ = question;
    table.num_rows = static_cast<int64_t>(ids_.size());
    table.first_row = std::clamp<int64_t>(first_row, 0, table.num_rows);
    const auto count = static_cast<size_t>(std::clamp<int64_t>(num_rows, 0, table.num_rows - table.first_row));
    const auto page = std::span(ids_).subspan(static_cast<size_t>(table.first_row), count);
    std::vector<RunSummary> summaries = reader.load_summaries(page);
    std::vector<std::vector<Cell>> cells = reader.load_cells(page, question.columns);
    for (size_t i = 0; i < summaries.size() && i < cells.size(); ++i)
      table.rows.push_back({std::move(summaries[i]), std::move(cells[i])});
    table.groups = groups_;
    table.known_columns = known_columns_;
  } catch (const UserError& error) {
    table = {};
    table.question = question;
    table.refusal = error.what();
  }
  table.answer_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return table;
}

}  // namespace moescope
