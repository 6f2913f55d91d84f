// The connection's authorizer refuses all but reading, which also keeps ATTACH and VACUUM INTO from making files.
#include "sessions/query_box.h"

#include <algorithm>
#include <cctype>

#include "sessions/session_store.h"

namespace moescope {
namespace {

Cell cell_of(const Statement& row, int column) {
  if (row.is_null(column)) return std::monostate();
  if (row.is_blob(column)) return std::to_string(row.blob(column).size()) + " bytes";
  if (row.is_real(column)) return row.real(column);
  if (row.is_text(column)) return row.text(column);
  return row.integer(column);
}

int64_t bytes_of(const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return static_cast<int64_t>(sizeof(Cell) + (text != nullptr ? text->size() : 0));
}

bool only_space(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

/// The question without the semicolon that may end it; a second statement behind it would silently not be asked.
std::string single(std::string sql) {
  while (!sql.empty() && (sql.back() == ';' || only_space({&sql.back(), 1}))) sql.pop_back();
  if (sql.empty())
    throw UserError("the query is empty; write for example \"SELECT run_id, name, test_accuracy FROM runs\"");
  return sql;
}

}  // namespace

CellTable read_cells(Statement& select, int64_t max_rows, int64_t max_bytes) {
  CellTable table;
  int64_t bytes = 0;
  for (int i = 0; i < select.num_columns(); ++i) table.columns.push_back(select.column_name(i));
  while (select.step()) {
    if (static_cast<int64_t>(table.rows.size()) == max_rows || bytes >= max_bytes) {
      table.cut = true;
      break;
    }
    std::vector<Cell>& row = table.rows.emplace_back();
    for (int i = 0; i < select.num_columns(); ++i) row.push_back(cell_of(select, i));
    for (const Cell& cell : row) bytes += bytes_of(cell);
  }
  return table;
}

CellTable ask_store(const SessionStore& store, const std::string& sql, QueryLimits limits) {
  const SessionStore own(store.path(), SessionStore::Access::read);
  own.database().allow_only_select();
  own.database().limit_value_bytes(limits.bytes);
  const TimeLimit limit(own.database(), limits.secs);
  try {
    Statement select(own.database(), single(sql));
    if (select.num_columns() == 0) throw UserError("the query asks for nothing; write a SELECT");  // a comment alone
    if (select.has_tail()) throw UserError("the query holds more than one statement; ask one at a time");
    return read_cells(select, limits.rows, limits.bytes);
  } catch (const StoreError& error) {
    if (error.problem == StoreProblem::refused) {
      throw UserError("the query cannot be asked: " + std::string(error.what()) +
                      "; sessions/README.md lists the tables and their columns");
    }
    if (error.problem == StoreProblem::too_large) {
      throw UserError("the query builds a value of more than " + std::to_string(limits.bytes >> 20) +
                      " MiB; ask for less of it, such as substr(value, 1, 1000) or length(value)");
    }
    if (error.problem != StoreProblem::too_slow) throw;
    throw UserError("the query was stopped after " + std::to_string(static_cast<int64_t>(limits.secs)) +
                    " s; ask for less, or give it more time with --seconds");
  }
}

}  // namespace moescope
