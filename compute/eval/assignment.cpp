// Rows join one after the other; each by the cheapest chain of exchanges, which the potentials make short to find.
#include "compute/eval/assignment.h"

#include <limits>
#include <stdexcept>

namespace moescope {
namespace {

constexpr int64_t kNone = -1;

/// Costs are negated gains. The last column, number n, is where a row that joins starts from.
class Matching {
 public:
  Matching(std::span<const double> gain, int64_t n)
      : gain_(gain), n_(n), row_potential_(n, 0.0), column_potential_(n + 1, 0.0), row_of_(n + 1, kNone) {}

  void join(int64_t row) {
    std::vector<double> shortest(n_, std::numeric_limits<double>::infinity());
    std::vector<int64_t> came_from(n_, n_);
    std::vector<char> reached(n_ + 1, 0);
    row_of_[n_] = row;
    int64_t column = n_;
    while (row_of_[column] != kNone) {
      reached[column] = 1;
      column = nearest(column, shortest, came_from, reached);
    }
    while (column != n_) {  // every row of the chain moves one column on
      row_of_[column] = row_of_[came_from[column]];
      column = came_from[column];
    }
  }

  std::vector<int64_t> columns() const {
    std::vector<int64_t> column_of(n_, kNone);
    for (int64_t column = 0; column < n_; ++column) column_of[row_of_[column]] = column;
    return column_of;
  }

 private:
  /// Lengthens the paths by the row that holds `column`, and returns the nearest column not reached yet.
  int64_t nearest(int64_t column, std::vector<double>& shortest, std::vector<int64_t>& came_from,
                  const std::vector<char>& reached) {
    const int64_t row = row_of_[column];
    int64_t best = kNone;
    for (int64_t c = 0; c < n_; ++c) {
      if (reached[c]) continue;
      const double path = -gain_[row * n_ + c] - row_potential_[row] - column_potential_[c];
      if (path < shortest[c]) {
        shortest[c] = path;
        came_from[c] = column;
      }
      if (best == kNone || shortest[c] < shortest[best]) best = c;
    }
    const double step = shortest[best];
    for (int64_t c = 0; c <= n_; ++c) {
      if (reached[c]) {
        row_potential_[row_of_[c]] += step;
        column_potential_[c] -= step;
      } else if (c < n_) {
        shortest[c] -= step;
      }
    }
    return best;
  }

  std::span<const double> gain_;
  int64_t n_;
  std::vector<double> row_potential_, column_potential_;
  std::vector<int64_t> row_of_;  // of each column
};

}  // namespace

std::vector<int64_t> best_assignment(std::span<const double> gain, int64_t n) {
  if (n < 0 || static_cast<int64_t>(gain.size()) != n * n) {
    throw std::invalid_argument("best_assignment: the gains are not n * n");
  }
  Matching matching(gain, n);
  for (int64_t row = 0; row < n; ++row) matching.join(row);
  return matching.columns();
}

}  // namespace moescope
