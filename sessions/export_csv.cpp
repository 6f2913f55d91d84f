// A run as a folder of CSV tables.
#include "compute/records/output_file.h"
#include "sessions/export.h"
#include "sessions/export_tables.h"

namespace moescope {
namespace {

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

std::string cell(const Statement& row, int column, const std::string& name) {
  if (row.is_null(column)) return null_is_nan(row, name) ? "nan" : "";
  if (row.is_blob(column)) return std::to_string(row.blob(column).size()) + " bytes";
  if (row.is_real(column)) return number_text(row.real(column));
  return csv_text(row.text(column));
}

void write_table(const Database& database, const ExportTable& table, int64_t run_id, std::ostream& out) {
  Statement rows(database, "SELECT * FROM " + std::string(table.source) + " WHERE run_id = ? ORDER BY " +
                               std::string(table.order));
  rows.bind_all(run_id);
  std::vector<std::string> names;
  for (int i = 0; i < rows.num_columns(); ++i) {
    names.push_back(rows.column_name(i));
    out << (i > 0 ? "," : "") << csv_text(names.back());
  }
  out << "\r\n";
  while (rows.step()) {
    for (int i = 0; i < rows.num_columns(); ++i)
      out << (i > 0 ? "," : "") << cell(rows, i, names[static_cast<size_t>(i)]);
    out << "\r\n";
  }
}

}  // namespace

std::vector<std::filesystem::path> export_csv(const RunReader& reader, int64_t run_id,
                                              const std::filesystem::path& folder) {
  const ReadSnapshot snapshot(reader.database());
  reader.load_summary(run_id);  // a missing run must not leave a folder of empty tables
  make_folder(folder);
  std::vector<std::filesystem::path> paths;
  for (const ExportTable& table : kExportTables) {
    const std::filesystem::path path = folder / (std::string(table.name) + ".csv");
    OutputFile file(path, FileKind::text);
    write_table(reader.database(), table, run_id, file.stream());
    file.keep();
    paths.push_back(path);
  }
  return paths;
}

}  // namespace moescope
