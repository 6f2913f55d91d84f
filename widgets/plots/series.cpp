// One metric over steps.
#include "widgets/plots/series.h"

#include <algorithm>
#include <cmath>

namespace moescope::plots {

void Series::Block::add(double value) {
  if (!std::isfinite(value)) {
    ++bad;
    return;
  }
  const auto v = static_cast<float>(value);
  min = count == 0 ? v : std::min(min, v);
  max = count == 0 ? v : std::max(max, v);
  sum += value;
  ++count;
}

void Series::Block::add(const Block& other) {
  bad += other.bad;
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  sum += other.sum;
  count += other.count;
}

void Series::add(int64_t step, double value) {
  if (!points_.empty() && step <= points_.back().step) {
    points_.resize(index_of(step));
    blocks_.resize(points_.size() / kBlock);
    const size_t rest = blocks_.size() * kBlock;
    if (rest < points_.size()) blocks_.push_back(Block{});
    for (size_t i = rest; i < points_.size(); ++i) blocks_.back().add(points_[i].value);
  }
  if (points_.size() % kBlock == 0) blocks_.push_back(Block{});
  points_.push_back({step, value});
  blocks_.back().add(value);
}

void Series::clear() {
  points_.clear();
  blocks_.clear();
}

size_t Series::index_of(int64_t step) const {
  const auto found = std::lower_bound(points_.begin(), points_.end(), step,
                                      [](const Point& point, int64_t wanted) { return point.step < wanted; });
  return static_cast<size_t>(found - points_.begin());
}

const Point* Series::at(int64_t step) const {
  const size_t after = index_of(step + 1);
  return after == 0 ? nullptr : &points_[after - 1];
}

Series::Block Series::summarise(size_t begin, size_t end) const {
  Block total;
  while (begin < end) {
    if (begin % kBlock == 0 && begin + kBlock <= end) {
      total.add(blocks_[begin / kBlock]);
      begin += kBlock;
    } else {
      total.add(points_[begin].value);
      ++begin;
    }
  }
  return total;
}

std::vector<Column> Series::envelope(int64_t first, int64_t last, int num_columns) const {
  std::vector<Column> columns(static_cast<size_t>(std::max(0, num_columns)));
  const double span = static_cast<double>(last - first) + 1;
  for (int c = 0; c < num_columns; ++c) {
    const auto from = first + static_cast<int64_t>(std::ceil(span * c / num_columns));
    const auto to = first + static_cast<int64_t>(std::ceil(span * (c + 1) / num_columns));
    const Block total = summarise(index_of(from), index_of(to));
    Column& column = columns[static_cast<size_t>(c)];
    column.count = total.count, column.bad = total.bad;
    column.min = total.count > 0 ? total.min : 1, column.max = total.count > 0 ? total.max : 0;
    column.mean = total.count > 0 ? static_cast<float>(total.sum / static_cast<double>(total.count)) : 0;
  }
  return columns;
}

}  // namespace moescope::plots
