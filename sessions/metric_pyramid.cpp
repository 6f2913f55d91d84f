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

double mean_of(const PyramidBucket& bucket) {
  return bucket.sum / static_cast<double>(bucket.num_finite());  // of none 0/0, a NaN
}

EnvelopePoint point_of(const PyramidBucket& bucket, int64_t first_step, int64_t last_step) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const bool any = bucket.num_finite() > 0;
  return {first_step,
          last_step,
          bucket.count,
          bucket.num_nan,
          bucket.num_inf,
          any ? bucket.min : kNone,
          any ? bucket.max : kNone,
          mean_of(bucket)};
}

class SeriesReader {
 public:
  SeriesReader(const Database& database, int64_t run_id, const std::string& key)
      : database_(database), run_id_(run_id), key_(key) {}

  /// Calls visit(step, bucket of that one point) in the order of the steps.
  template <class Visit>
  void for_each_point(int64_t first_step, int64_t last_step, Visit&& visit) const {
    Statement rows(database_, query("load_metrics"));
    rows.bind_all(run_id_, std::string_view(key_), first_step, last_step);
    while (rows.step()) {
      PyramidBucket one;
      one.add(rows.real(2));
      visit(rows.integer(0), one);
    }
  }

  /// Calls visit(bucket) in their order.
  template <class Visit>
  void for_each_bucket(size_t level, int64_t first_bucket, int64_t last_bucket, Visit&& visit) const {
    Statement rows(database_, query("load_pyramid"));
    rows.bind_all(run_id_, std::string_view(key_), static_cast<int64_t>(level), first_bucket, last_bucket);
    while (rows.step()) {
      PyramidBucket bucket{rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3)};
      if (bucket.num_finite() > 0) bucket.min = rows.real(4), bucket.max = rows.real(5), bucket.sum = rows.real(6);
      visit(bucket);
    }
  }

  /// Everything in these steps: whole buckets up to `level`, and what lies beside them from finer ones.
  PyramidBucket sum(size_t level, int64_t first_step, int64_t last_step) const {
    PyramidBucket total;
    const auto add = [&](const PyramidBucket& bucket) { total.add(bucket); };
    if (level == 0) {
      for_each_point(first_step, last_step, [&](int64_t, const PyramidBucket& one) { add(one); });
      return total;
    }
    const int64_t width = kPyramidWidths[level - 1];
    const int64_t begin = (first_step + width - 1) / width, end = (last_step + 1) / width;  // of the whole ones
    if (begin >= end) return sum(level - 1, first_step, last_step);
    if (begin * width > first_step) add(sum(level - 1, first_step, begin * width - 1));
    for_each_bucket(level, begin, end - 1, add);
    if (end * width <= last_step) add(sum(level - 1, end * width, last_step));
    return total;
  }

 private:
  const Database& database_;
  int64_t run_id_;
  const std::string& key_;
};

}  // namespace

MetricEnvelope load_envelope(const Database& database, int64_t run_id, const std::string& key, int64_t first_step,
                             int64_t last_step, int64_t max_points) {
  const ReadSnapshot snapshot(database);
  const SeriesReader series(database, run_id, key);
  const auto [first, last] = present_range(database, run_id, key, first_step, last_step);
  MetricEnvelope envelope{.key = key, .steps_per_point = 1, .points = {}};
  if (last - first < max_points) {
    series.for_each_point(first, last, [&](int64_t step, const PyramidBucket& one) {
      envelope.points.push_back(point_of(one, step, step));
    });
    return envelope;
  }
  size_t level = 1;
  while (level < kPyramidWidths.size() && (last - first) / kPyramidWidths[level - 1] >= max_points) ++level;
  const int64_t width = envelope.steps_per_point = kPyramidWidths[level - 1];
  series.for_each_bucket(level, first / width, last / width, [&](const PyramidBucket& whole) {
    const int64_t begin = whole.bucket * width, end = begin + width - 1;
    if (begin >= first_step && end <= last_step) return envelope.points.push_back(point_of(whole, begin, end));
    // What was asked for begins or ends within this one. What the run did after that step is none of its business.
    const int64_t from = std::max(begin, first_step), to = std::min(end, last_step);
    const PyramidBucket part = series.sum(level - 1, from, to);
    if (part.count > 0) envelope.points.push_back(point_of(part, from, to));
  });
  return envelope;
}

}  // namespace moescope
