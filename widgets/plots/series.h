// One metric over steps: every point is kept, and any stretch of it can be drawn as minimum, maximum and mean per
// column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moescope::plots {

struct Point {
  int64_t step = 0;
  double value = 0;
};

/// What one column of pixels shows. `count` finite points and `bad` ones (NaN or infinite); min > max when count is 0.
struct Column {
  float min = 0, max = 0, mean = 0;
  int64_t count = 0, bad = 0;
};

class Series {
 public:
  /// Steps normally grow. A step at or before the last one means the run went back (a restored checkpoint): what lies
  /// after it is the past of another branch and is dropped.
  void add(int64_t step, double value);
  void clear();

  size_t size() const { return points_.size(); }
  bool empty() const { return points_.empty(); }
  const std::vector<Point>& points() const { return points_; }
  int64_t first_step() const { return points_.front().step; }
  int64_t last_step() const { return points_.back().step; }

  /// The newest point at or before the step; nullptr when there is none.
  const Point* at(int64_t step) const;

  /// `num_columns` equal stretches of [first, last] steps. Reads blocks of 256 points where a column holds many, so ten
  /// million points cost no more than forty thousand.
  std::vector<Column> envelope(int64_t first, int64_t last, int num_columns) const;

 private:
  struct Block {
    double sum = 0;
    float min = 0, max = 0;
    int64_t count = 0, bad = 0;
    void add(double value);
    void add(const Block& other);
  };
  static constexpr size_t kBlock = 256;

  size_t index_of(int64_t step) const;  // of the first point at or after the step
  Block summarise(size_t begin, size_t end) const;

  std::vector<Point> points_;
  std::vector<Block> blocks_;  // one for each full or begun stretch of kBlock points
};

}  // namespace moescope::plots
