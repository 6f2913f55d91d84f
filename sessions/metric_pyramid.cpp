// Pyramids: kept while writing, read by the level that fits the picture.
#include "sessions/metric_pyramid.h"

#include <algorithm>
#include <cmath>

#include "sessions/embedded_sql.h"

namespace moescope {

void PyramidBucket::add(double value) {
  ++count;
  if (std::isnan(value)) {
    ++num_nan;
  } else if (std::isinf(value)) {
    ++num_inf;
  } else {
    min = std::min(min, value);
    max = std::max(max, value);
    sum += value;
  }
}

void PyramidBucket::add(const PyramidBucket& other) {
  count += other.count;
  num_nan += other.num_nan;
  num_inf += other.num_inf;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  sum += other.sum;
}

PyramidWriter::PyramidWriter(const Database& database)
    : database_(database), add_(database, query("add_to_pyramid")), rebuild_(database, query("rebuild_pyramid")) {}

void PyramidWriter::change_run(int64_t run_id) {
  if (run_id == run_id_) return;
  flush();
  run_id_ = run_id;
}

void PyramidWriter::add(int64_t run_id, int64_t key_id, int64_t step, double value) {
  change_run(run_id);
  auto& buckets = collected_[key_id];
  const int64_t bucket = step / kPyramidWidths[0];
  // A bucket that is left and met again simply appears twice: adding is all that flush() does.
  if (buckets.empty() || buckets.back().bucket != bucket) buckets.push_back({.bucket = bucket});
  buckets.back().add(value);
}

void PyramidWriter::redo(int64_t run_id, int64_t key_id, int64_t step) {
  change_run(run_id);
  redo_.emplace_back(key_id, step);
}

void PyramidWriter::flush() {
  for (auto& [key_id, buckets] : collected_) {
    for (size_t level = 1; level <= kPyramidWidths.size() && !buckets.empty(); ++level) {
      write(key_id, level, buckets);
      if (level == kPyramidWidths.size()) break;
      std::vector<PyramidBucket> coarser;
      const int64_t ratio = kPyramidWidths[level] / kPyramidWidths[level - 1];
      for (const PyramidBucket& fine : buckets) {
        if (coarser.empty() || coarser.back().bucket != fine.bucket / ratio)
          coarser.push_back({.bucket = fine.bucket / ratio});
        coarser.back().add(fine);
      }
      buckets = std::move(coarser);
    }
    buckets.clear();
  }
  for (const auto& [key_id, step] : redo_) rebuild(key_id, step);
  redo_.clear();
}

void PyramidWriter::write(int64_t key_id, size_t level, const std::vector<PyramidBucket>& buckets) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // stored as NULL
  for (const PyramidBucket& b : buckets) {
    const bool any = b.num_finite() > 0;
    add_.run(run_id_, key_id, static_cast<int64_t>(level), b.bucket, b.count, b.num_nan, b.num_inf, any ? b.min : kNone,
             any ? b.max : kNone, b.sum);
  }
}

void PyramidWriter::rebuild(int64_t key_id, int64_t step) {
  for (size_t level = 1; level <= kPyramidWidths.size(); ++level) {
    const int64_t width = kPyramidWidths[level - 1];
    rebuild_.run(run_id_, static_cast<int64_t>(level), width, step / width, step / width, key_id);
  }
}

void PyramidWriter::forget() {
  collected_.clear();
  redo_.clear();
}

void PyramidWriter::cut_after(int64_t run_id, int64_t step) {
  change_run(run_id);
  for (size_t level = 1; level <= kPyramidWidths.size(); ++level) {
    const int64_t width = kPyramidWidths[level - 1], cut = (step + 1) / width;
    Statement(database_, "DELETE FROM metric_pyramids_data WHERE run_id = ? AND level = ? AND bucket >= ?")
        .run(run_id, static_cast<int64_t>(level), cut);
    rebuild_.run(run_id, static_cast<int64_t>(level), width, cut, cut, 0);  // the bucket that the cut goes through
  }
}

namespace {

/// The steps that the series really has within the range asked for; first > last when it has none.
std::pair<int64_t, int64_t> present_range(const Database& database, int64_t run_id, const std::string& key,
                                          int64_t first_step, int64_t last_step) {
  Statement range(database, query("series_range"));
  range.bind_all(run_id, std::string_view(key), first_step, last_step);
  if (!range.step() || range.is_null(0)) return {0, -1};
  return {range.integer(0), range.integer(1)};
}

MetricEnvelope exact(const Database& database, int64_t run_id, const std::string& key, int64_t first, int64_t last) {
  MetricEnvelope envelope;
  envelope.key = key;
  Statement rows(database, query("load_metrics"));
  rows.bind_all(run_id, std::string_view(key), first, last);
  while (rows.step()) {
    PyramidBucket one;
    one.add(rows.real(2));
    const double value = one.num_finite() > 0 ? one.sum : std::numeric_limits<double>::quiet_NaN();
    envelope.points.push_back({rows.integer(0), 1, one.num_nan, one.num_inf, value, value, value});
  }
  return envelope;
}

}  // namespace

MetricEnvelope load_envelope(const Database& database, int64_t run_id, const std::string& key, int64_t first_step,
                             int64_t last_step, int64_t max_points) {
  const ReadSnapshot snapshot(database);
  const auto [first, last] = present_range(database, run_id, key, first_step, last_step);
  if (last - first < max_points) return exact(database, run_id, key, first, last);
  size_t level = 1;
  while (level < kPyramidWidths.size() && (last - first) / kPyramidWidths[level - 1] >= max_points) ++level;
  const int64_t width = kPyramidWidths[level - 1];

  MetricEnvelope envelope;
  envelope.key = key;
  envelope.steps_per_point = width;
  Statement rows(database, query("load_pyramid"));
  rows.bind_all(run_id, std::string_view(key), static_cast<int64_t>(level), first / width, last / width);
  while (rows.step()) {
    const int64_t count = rows.integer(1), num_nan = rows.integer(2), num_inf = rows.integer(3);
    const auto num_finite = static_cast<double>(count - num_nan - num_inf);  // 0 gives 0/0, a NaN, as min and max are
    envelope.points.push_back(
        {rows.integer(0) * width, count, num_nan, num_inf, rows.real(4), rows.real(5), rows.real(6) / num_finite});
  }
  return envelope;
}

}  // namespace moescope
