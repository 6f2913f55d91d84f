// t-SNE (van der Maaten and Hinton, 2008), exact: every pair of points counts. For some thousand points.
#pragma once

#include <cstdint>
#include <vector>

namespace moescope {

class Tsne {
 public:
  /// rows (n, columns); start (n, 2), such as their principal components: the result is a function of both. Perplexity
  /// is lowered to (n - 1) / 3 where there are too few points for it. O(n²) memory and, each iteration, time.
  Tsne(const std::vector<float>& rows, int64_t columns, const std::vector<float>& start, double perplexity);

  /// Finds the neighbours of some more points; false when those of all are known, and iterate() may be called.
  bool prepare();
  /// One step of the gradient descent.
  void iterate();
  int64_t iterations() const { return iteration_; }
  const std::vector<double>& points() const { return y_; }  // (n, 2)
  double divergence() const;                                // Kullback-Leibler, nats

 private:
  void find_neighbours(int64_t i);
  /// Student-t kernel of all pairs into kernel_; returns its sum.
  double fill_kernel();

  std::vector<float> rows_;  // (n, columns)
  int64_t n_, columns_;
  double perplexity_;
  int64_t prepared_ = 0, iteration_ = 0;
  std::vector<float> p_;       // (n, n) symmetric, sums to 1
  std::vector<float> kernel_;  // (n, n) 1 / (1 + distance²)
  std::vector<double> y_, velocity_, gain_;
};

}  // namespace moescope
