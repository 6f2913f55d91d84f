// A run as one JSON text, written while it is read.
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "sessions/export.h"
#include "sessions/export_tables.h"
#include "sessions/routing_blobs.h"

namespace moescope {
namespace {

using nlohmann::json;

/// JSON has no NaN, and a null would lose which of the three it was.
json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

json cell(const Statement& row, int column) {
  if (row.is_null(column)) return null_is_nan(row, row.column_name(column)) ? json("NaN") : json(nullptr);
  if (row.is_real(column)) return number(row.real(column));
  if (row.is_text(column)) return row.text(column);
  return row.integer(column);
}

json object(const Statement& row) {
  json fields = json::object();
  for (int i = 0; i < row.num_columns(); ++i) {
    if (!row.is_blob(i) && row.column_name(i) != "run_id") fields[row.column_name(i)] = cell(row, i);
  }
  return fields;
}

/// A stored text may hold bytes that are no UTF-8 (a file name): replaced rather than refused.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

template <class T>
json numbers(const std::vector<T>& values) {
  json list = json::array();
  for (const T value : values) {
    if constexpr (std::is_floating_point_v<T>) {
      list.push_back(number(static_cast<double>(value)));
    } else {
      list.push_back(static_cast<int64_t>(value));
    }
  }
  return list;
}

class JsonExport {
 public:
  JsonExport(const RunReader& reader, int64_t run_id, std::ostream& out)
      : reader_(reader), run_id_(run_id), out_(out) {}

  void write() {
    const ReadSnapshot snapshot(reader_.database());
    reader_.load_summary(run_id_);
    out_ << "{\n\"format\": \"moescope-run\",\n\"version\": 1";
    for (const ExportTable& table : kExportTables) {
      out_ << ",\n\"" << table.name << "\": ";
      if (table.name == "run") {
        one_row(table);
      } else if (table.name == "params") {
        pairs(table);
      } else if (table.name == "metrics") {
        series();
      } else {
        rows(table);
      }
    }
    out_ << "\n}\n";
  }

 private:
  Statement select(const ExportTable& table) const {
    Statement rows(reader_.database(), "SELECT * FROM " + std::string(table.source) + " WHERE run_id = ? ORDER BY " +
                                           std::string(table.order));
    rows.bind_all(run_id_);
    return rows;
  }

  void one_row(const ExportTable& table) {
    Statement row = select(table);
    json fields = row.step() ? object(row) : json::object();
    fields["run_id"] = run_id_;
    out_ << text_of(fields);
  }

  void pairs(const ExportTable& table) {
    json fields = json::object();
    for (Statement row = select(table); row.step();) fields[row.text(1)] = row.text(2);
    out_ << text_of(fields);
  }

  void series() {
    out_ << "{";
    bool first = true;
    for (const std::string& key : reader_.metric_keys(run_id_)) {
      const MetricSeries series = reader_.load_metrics(run_id_, key);
      out_ << (std::exchange(first, false) ? "\n  " : ",\n  ") << text_of(key)
           << ": {\"step\": " << numbers(series.steps) << ", \"wall_secs\": " << numbers(series.wall_secs)
           << ", \"value\": " << numbers(series.values) << "}";
    }
    out_ << "}";
  }

  void rows(const ExportTable& table) {
    out_ << "[";
    bool first = true;
    for (Statement row = select(table); row.step();) {
      json fields = object(row);
      if (table.name == "routing_maps") add_arrays(fields);
      out_ << (std::exchange(first, false) ? "\n  " : ",\n  ") << text_of(fields);
    }
    out_ << "]";
  }

  void add_arrays(json& fields) const {
    const RoutingMap map = load_routing(reader_.database(), fields.at("map_id").get<int64_t>()).map;
    fields["gates"] = numbers(map.gates);
    fields["expert"] = numbers(map.expert);
    fields["weight"] = numbers(map.weight);
    fields["place"] = numbers(map.place);
    fields["drop_reason"] = numbers(map.drop);
    fields["dispatch"] = numbers(map.dispatch);
    fields["combine"] = numbers(map.combine);
    fields["expert_off"] = numbers(map.expert_off);
  }

  const RunReader& reader_;
  int64_t run_id_;
  std::ostream& out_;
};

}  // namespace

void export_json(const RunReader& reader, int64_t run_id, std::ostream& out) {
  JsonExport(reader, run_id, out).write();
}

}  // namespace moescope
