// Long series, coarsely: count, least, greatest and mean of every 64, 4096 and 262144 steps, kept as the points arrive.
#pragma once

#include <array>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

constexpr std::array<int64_t, 3> kPyramidWidths = {64, 4096, 262144};  // steps in a bucket of level 1, 2, 3

/// What a bucket knows of its points. NaN and infinities are counted and otherwise left out.
struct PyramidBucket {
  int64_t bucket = 0;  // step / width
  int64_t count = 0, num_nan = 0, num_inf = 0;
  double min = std::numeric_limits<double>::infinity(), max = -std::numeric_limits<double>::infinity(), sum = 0;

  void add(double value);
  void add(const PyramidBucket& other);
  int64_t num_finite() const { return count - num_nan - num_inf; }
};

/// Collects the points of a transaction and adds them to the stored buckets at its end: three rows a series rather than
/// three a point.
class PyramidWriter {
 public:
  explicit PyramidWriter(const Database& database);

  void add(int64_t run_id, int64_t key_id, int64_t step, double value);
  /// A stored point has another value now: its buckets are computed again from the points.
  void redo(int64_t run_id, int64_t key_id, int64_t step);
  /// Writes what was collected. Inside the caller's transaction, before its commit.
  void flush();
  /// The transaction was taken back.
  void forget();
  /// After the points beyond `step` were removed.
  void cut_after(int64_t run_id, int64_t step);

 private:
  void change_run(int64_t run_id);
  void write(int64_t key_id, size_t level, const std::vector<PyramidBucket>& buckets);
  void rebuild(int64_t key_id, int64_t step);

  const Database& database_;
  Statement add_, rebuild_;
  int64_t run_id_ = 0;
  std::unordered_map<int64_t, std::vector<PyramidBucket>> collected_;  // by key, of level 1
  std::vector<std::pair<int64_t, int64_t>> redo_;                      // key, step
};

/// The series in at most `max_points` pieces (more when even the coarsest level has more), see MetricEnvelope.
MetricEnvelope load_envelope(const Database& database, int64_t run_id, const std::string& key, int64_t first_step,
                             int64_t last_step, int64_t max_points);

}  // namespace moescope
