// Names into SQL. Everything that a person wrote is either a known name, an SQL word, a number or a quoted text.
#include "sessions/run_columns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "compute/records/nearest_name.h"
#include "compute/records/rl_config_fields.h"

namespace moescope {
namespace {

struct RunColumn {
  std::string_view name, sql;
};
constexpr std::array<RunColumn, 31> kColumns = {{
    {"run", "r.run_id"},
    {"run_id", "r.run_id"},
    {"name", "r.name"},
    {"state", "r.state"},
    {"message", "r.message"},
    {"started", "r.started_at"},
    {"started_at", "r.started_at"},
    {"updated", "r.updated_at"},
    {"updated_at", "r.updated_at"},
    {"router", "r.router"},
    {"dataset", "r.dataset"},
    {"step", "r.step"},
    {"time", "r.wall_secs"},
    {"wall_secs", "r.wall_secs"},
    {"loss_step", "r.loss_step"},
    {"loss", "r.loss"},
    {"accuracy_step", "r.accuracy_step"},
    {"accuracy", "r.accuracy"},
    {"test_step", "r.test_step"},
    {"test_accuracy", "r.test_accuracy"},
    {"test_loss", "r.test_loss"},
    {"parameters", "r.num_parameters"},
    {"num_parameters", "r.num_parameters"},
    {"gflops_per_image", "r.gflops_per_image"},
    {"num_checkpoints", "r.num_checkpoints"},
    {"starred", "r.starred"},
    {"archived", "r.archived"},
    {"trashed_at", "r.trashed_at"},
    {"tags", "r.tags"},
    {"num_notes", "r.num_notes"},
    {"checkpoint_bytes", "r.checkpoint_bytes"},
}};

std::string text_literal(std::string_view text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? std::string("''") : std::string(1, c);
  return sql + "'";
}

std::string setting_sql(const FieldText& field) {
  const std::string value =
      "(SELECT value FROM params_data WHERE run_id = r.run_id AND key_id = "
      "(SELECT key_id FROM param_keys_data WHERE key = " +
      text_literal(field.field.key) + "))";
  if (field.is_integer) return "CAST(" + value + " AS INTEGER)";
  return field.is_number ? "CAST(" + value + " AS REAL)" : value;
}

std::string metric_sql(std::string_view key) {
  return "(SELECT value FROM metrics_data WHERE run_id = r.run_id AND key_id = "
         "(SELECT key_id FROM metric_keys_data WHERE key = " +
         text_literal(key) + ") ORDER BY step DESC, wall_secs DESC LIMIT 1)";
}

[[noreturn]] void no_such_column(std::string_view name) {
  static const std::vector<FieldText> fields = list_fields(RunConfig{});
  std::vector<std::string_view> names = run_column_names();
  for (const FieldText& field : fields) names.push_back(field.field.key);
  throw UserError("the run table has no column '" + std::string(name) + "'; did you mean '" +
                  std::string(nearest_name(name, names)) +
                  "'? Settings and metrics (\"layer3/dropped\") are columns too");
}

/// The words of SQL that a condition may use; any other bare word must be a column.
bool is_sql_word(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  constexpr std::array<std::string_view, 32> kWords = {
      "AND",  "OR",   "NOT",   "IN",    "IS",     "NULL",  "LIKE",  "GLOB",     "BETWEEN", "CASE",  "WHEN",
      "THEN", "ELSE", "END",   "TRUE",  "FALSE",  "CAST",  "AS",    "REAL",     "INTEGER", "TEXT",  "ABS",
      "MIN",  "MAX",  "LOWER", "UPPER", "LENGTH", "INSTR", "ROUND", "COALESCE", "IFNULL",  "ESCAPE"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

/// Reads a condition from left to right.
class Condition {
 public:
  explicit Condition(std::string_view text) : text_(text) {}

  std::string sql() {
    while (at_ < text_.size()) next();
    if (depth_ != 0) refuse("a parenthesis is not closed");
    return sql_;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw UserError("the condition " + std::string(text_) + " cannot be used: " + why +
                    "; write for example router.k >= 2 AND test_accuracy > 0.9");
  }

  char look(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void next() {
    const char c = look();
    if (c == '\'' || c == '"') return quoted(c);
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return word();
    if (std::isdigit(static_cast<unsigned char>(c)) ||
        (c == '.' && std::isdigit(static_cast<unsigned char>(look(1))))) {
      return number();
    }
    if ((c == '-' && look(1) == '-') || (c == '/' && look(1) == '*')) refuse("comments have no place in it");
    if (c == '(') ++depth_;
    if (c == ')' && --depth_ < 0) refuse("a parenthesis closes nothing");
    if (std::string_view("()+-*/%=<>!|,~ \t\n").find(c) == std::string_view::npos) {
      refuse(std::string("'") + c + "' has no place in it");
    }
    sql_ += c;
    ++at_;
  }

  void quoted(char quote) {
    std::string inside;
    for (++at_; look() != quote || look(1) == quote; ++at_) {  // a doubled quote stands for one
      if (at_ >= text_.size()) refuse("a quoted text does not end");
      if (look() == quote) ++at_;
      inside += look();
    }
    ++at_;
    sql_ += quote == '"' ? column_sql(inside) : text_literal(inside);
  }

  void word() {
    const size_t begin = at_;
    while (std::isalnum(static_cast<unsigned char>(look())) || look() == '_' || look() == '.') ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    sql_ += is_sql_word(std::string(name)) ? std::string(name) : column_sql(name);
  }

  void number() {
    while (std::isalnum(static_cast<unsigned char>(look())) || look() == '.' ||
           ((look() == '-' || look() == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))) {
      sql_ += look();
      ++at_;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string sql_;
};

}  // namespace

std::vector<std::string_view> run_column_names() {
  std::vector<std::string_view> names;
  for (const RunColumn& column : kColumns) names.push_back(column.name);
  return names;
}

std::string column_sql(std::string_view name) {
  for (const RunColumn& column : kColumns) {
    if (column.name == name) return std::string(column.sql);
  }
  if (name.find('/') != std::string_view::npos) return metric_sql(name);
  static const std::vector<FieldText> fields = [] {
    std::vector<FieldText> all = list_fields(RunConfig{});
    for (FieldText& field : list_fields(RlConfig{}))
      if (is_rl_field(field.field.key)) all.push_back(std::move(field));
    return all;
  }();
  for (const FieldText& field : fields) {
    if (field.field.key == name) return setting_sql(field);
  }
  no_such_column(name);
}

std::string condition_sql(std::string_view condition) { return Condition(condition).sql(); }

}  // namespace moescope
